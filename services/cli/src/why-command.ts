import type { SessionView, Waiting, WaitingReason } from '@oio/contracts';
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
        print(waiting ? waitingLines(waiting) : stateLine(await client.getSession({ id })));
      }),
    );
}

/** Of what does not wait for a slot. */
export function stateLine({ status, retryAt }: Pick<SessionView, 'status' | 'retryAt'>): string {
  const next = retryAt === null ? '' : `; it is retried at ${retryAt}`;
  return `It does not wait for a slot: it is ${status}${next}.`;
}

function waitingLines({ because, position, waitingSince, estimatedStart }: Waiting): string {
  return [
    `because   ${printable(reasonLine(because))}`,
    `position  ${position ?? 'none yet'}`,
    `since     ${waitingSince}`,
    `start     ${estimatedStart ? `about ${estimatedStart}` : 'not known'}`,
  ].join('\n');
}

function reasonLine(because: WaitingReason): string {
  switch (because.reason) {
    case 'limit':
      return limitLine(because);
    case 'rate':
      return `the rate of starts ${ofLimit(because)} lets the next one start in ${Math.ceil(because.waitMs / 1_000)} s`;
    case 'quota':
      return quotaLine(because);
    case 'directory_busy':
      return directoryLine(because);
    case 'no_server':
      return serverLine(because);
    case 'turn':
    case 'last_turn':
      return turnLine(because);
    case 'dependency':
    case 'time':
      return pendingLine(because);
  }
}

/** Of what is not queued yet. */
function pendingLine(because: Reason<'dependency' | 'time'>): string {
  return because.reason === 'time' ? `it is not to begin before ${because.until}` : dependencyLine(because);
}

function turnLine(because: Reason<'turn' | 'last_turn'>): string {
  if (because.reason === 'turn') return 'it is its turn next';
  return `its last turn is still being ended on ${because.serverId ?? 'its OpenCode server'}`;
}

type Reason<R extends WaitingReason['reason']> = Extract<WaitingReason, { readonly reason: R }>;

function ofLimit({ scope, name }: Pick<Reason<'limit'>, 'scope' | 'name'>): string {
  return scope === 'global' ? 'for all sessions' : `of ${scope} ${name}`;
}

const NO_SERVER = {
  none_healthy: ['no OpenCode server is well', 'is not well'],
  none_accepting: ['all OpenCode servers are drained', 'is drained'],
  all_full: ['all OpenCode servers are full', 'is full'],
} as const;

function serverLine({ serverId, detail }: Reason<'no_server'>): string {
  const [all, one] = NO_SERVER[detail];
  const line = serverId === null ? all : `the OpenCode server ${serverId}, to which it must go back, ${one}`;
  return `${line} (oio servers)`;
}

function limitLine({ limit, used, heldBy, ...named }: Reason<'limit'>): string {
  const holders = heldBy.length > 0 ? `, by ${heldBy.join(', ')}` : '';
  return `the limit ${ofLimit(named)} is reached: ${used} of ${limit}${holders}`;
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
