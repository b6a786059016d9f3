import { WORKING_STATUSES } from '@oio/persistence';
import type { OpencodeServer } from '../fleet/opencode-server.ts';
import { pause } from '../pause.ts';
import type { World } from '../world.ts';

/** By then a turn is known to have ended or broken off, also when nobody told of it. None of the load's takes longer than three seconds. */
const KNOWN_WITHIN_MS = 30_000;

/** The sessions that work on a server at this moment. */
export async function workAt({ witness }: World, server: OpencodeServer): Promise<readonly string[]> {
  return (await witness.query<{ id: string }>(AT_WORK_THERE, [server.id])).map(({ id }) => id);
}

const AT_WORK_THERE = `select id::text from sessions where server_id = $1 and status in ${WORKING_STATUSES}`;

/**
 * Waits until each of these sessions has ended its turn, or was set to work again. A breach for those of which neither has
 * come within 30 s of `since`; none once something else was disturbed as well since `from`, when the turns were disturbed.
 */
export async function stillBusy(
  world: World,
  sessions: readonly string[],
  { from, since }: { readonly from: number; readonly since: number },
): Promise<readonly string[]> {
  for (;;) {
    const busy = await busyOf(world, sessions, from);
    if (busy.length === 0 || !world.isAloneSince(from)) return [];
    if (Date.now() - since > KNOWN_WITHIN_MS) {
      const seconds = KNOWN_WITHIN_MS / 1_000;
      return busy.map(
        (id) => `session ${id} is at work and was not set to work again ${seconds} s after its turn was disturbed`,
      );
    }
    await pause(200);
  }
}

async function busyOf({ witness, opencode }: World, sessions: readonly string[], from: number): Promise<string[]> {
  const rows = await witness.query<{ id: string }>(AT_WORK, [sessions]);
  const calls = (await Promise.all(opencode.map((server) => server.calls()))).flat();
  const again = new Set(
    calls
      .filter(({ kind, atMs }) => atMs > from && (kind === 'prompt' || kind === 'resume'))
      .map(({ sessionId }) => sessionId),
  );
  return rows.flatMap(({ id }) => (again.has(id) ? [] : [id]));
}

const AT_WORK = `select id::text from sessions where id = any($1::uuid[]) and status in ${WORKING_STATUSES}`;
