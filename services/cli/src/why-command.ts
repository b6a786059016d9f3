import type { Waiting, WaitingReason } from '@oio/contracts';
import type { Command } from 'commander';
import type { WithClient } from './connect.ts';
import { printable } from './printable.ts';

/** `oio why <id>`: why a session waits. */
export function whyCommand(oio: Command, withClient: WithClient, print: (text: string) => void): void {
  oio
    .command('why <id>')
    .description('why a session waits, and when it is likely to start')
    .action((id: string) =>
      withClient(async (client) => {
        const { waiting } = await client.getWaiting({ id });
        print(waiting ? waitingLines(waiting) : 'It does not wait for a slot.');
      }),
    );
}

function waitingLines({ because, position, waitingSince, estimatedStart }: Waiting): string {
  return [
    `because   ${printable(reasonLine(because))}`,
    `position  ${position ?? 'not queued yet'}`,
    `since     ${waitingSince}`,
    `start     ${estimatedStart ? `about ${estimatedStart}` : 'not known'}`,
  ].join('\n');
}

function reasonLine(because: WaitingReason): string {
  switch (because.reason) {
    case 'limit':
      return limitLine(because);
    case 'rate':
      return `${because.scope} ${because.name} may start the next in ${Math.ceil(because.waitMs / 1_000)} s`;
    case 'quota':
      return quotaLine(because);
    case 'directory_busy':
      return directoryLine(because);
    case 'no_server':
      return `no OpenCode server: ${because.serverId ?? 'any'}, ${because.detail}`;
    case 'turn':
      return 'it is its turn next';
    case 'dependency':
    case 'time':
      return pendingLine(because);
  }
}

/** Of what is not queued yet. */
function pendingLine(because: Reason<'dependency' | 'time'>): string {
  return because.reason === 'time' ? `it is not to begin before ${because.until}` : dependencyLine(because);
}

type Reason<R extends WaitingReason['reason']> = Extract<WaitingReason, { readonly reason: R }>;

function limitLine({ scope, name, limit, used, heldBy }: Reason<'limit'>): string {
  const holders = heldBy.length > 0 ? `, by ${heldBy.join(', ')}` : '';
  return `the limit of ${scope} ${name} is reached: ${used} of ${limit}${holders}`;
}

function directoryLine({ heldBy, directory }: Reason<'directory_busy'>): string {
  return `${heldBy ?? 'a session of another tenant'} works in ${directory}`;
}

function quotaLine({ provider, model, resetAt, closedBy, said, shortened, isReopening }: Reason<'quota'>): string {
  const name = `${provider}/${model}`;
  if (isReopening) return `${name} was closed until ${resetAt}, and sessions are let through one by one: ${said}`;
  const until = shortened ? `${resetAt}, though more than a day was asked for` : resetAt;
  return closedBy === 'operator'
    ? `an operator has closed ${name} until ${until}: ${said}`
    : `the quota of ${name} is used up until ${until}. The provider said: ${said}`;
}

function dependencyLine({ waitsFor }: Reason<'dependency'>): string {
  if (waitsFor.length === 0) return 'what it depends on has ended: it is released next';
  return `it depends on ${waitsFor.map(({ session, status }) => `${session} (${status})`).join(', ')}`;
}
