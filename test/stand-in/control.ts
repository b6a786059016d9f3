import { type Answer, badRequest, NO_CONTENT, notFound, ok } from './answer.ts';
import type { CallLog } from './call-log.ts';
import type { EventHub } from './event-hub.ts';
import { type Fault, FAULT_KINDS, type Faults } from './faults.ts';
import type { Turns } from './turns.ts';

export interface Controlled {
  readonly calls: CallLog;
  readonly faults: Faults;
  readonly hub: EventHub;
  readonly turns: Turns;
}

/** `/stand-in/…`: what a real server does not have. */
export function answerControl(controlled: Controlled, request: string, query: URLSearchParams, body: unknown): Answer {
  if (request === 'GET /stand-in/calls') return ok(report(controlled, query));
  if (request === 'POST /stand-in/faults') return switchFaults(controlled, body);
  return notFound(request);
}

/** `?after=<number>` only what came later; `?reads=true` also calls that change nothing. */
function report({ calls, turns }: Controlled, query: URLSearchParams) {
  return {
    calls: calls.calls(Number(query.get('after') ?? 0), { reads: query.get('reads') === 'true' }),
    counts: calls.counts,
    prompts: calls.prompts,
    resumes: calls.resumes,
    turns: { running: turns.running, mostAtOnce: turns.mostAtOnce },
  };
}

function switchFaults({ faults, hub }: Controlled, body: unknown): Answer {
  const wanted = (body as { faults?: readonly Fault[] }).faults;
  if (!Array.isArray(wanted) || wanted.some(({ kind }: Fault) => !FAULT_KINDS.includes(kind))) {
    return badRequest(`Send { "faults": [{ "kind": … }] } with kinds out of ${FAULT_KINDS.join(', ')}; [] clears.`);
  }
  setFaults({ faults, hub }, wanted as readonly Fault[]);
  return NO_CONTENT;
}

/** In place of those that were on. */
export function setFaults({ faults, hub }: Pick<Controlled, 'faults' | 'hub'>, wanted: readonly Fault[]): void {
  faults.set(wanted);
  if (faults.has('cut_events')) hub.cut();
}
