import type { Cause, SessionCommandName } from '@oio/contracts';
import type { Envelope } from '@oio/messaging';

/** Who or what a command comes from, as the history tells it. */
export function causeOf(command: SessionCommandName, envelope: Envelope): Cause {
  const id = envelope.principal.slice(envelope.principal.indexOf(':') + 1);
  if (envelope.principal.startsWith('user:')) return { kind: 'principal', id };
  if (command === 'fire-timer') return { kind: 'timer', id };
  if (command === 'dispatch') return { kind: 'scheduler', id };
  if (command === 'end-by-parent') return { kind: 'parent', id };
  return { kind: command.startsWith('report-') ? 'opencode' : 'system', id };
}
