import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverAnnounced, type ServerAnnouncement } from '@oio/contracts';
import { newMessageId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import { findProcess } from '../../src/managed-server/process-table.ts';
import { serverDirectories } from '../../src/managed-server/server-pool.ts';
import { readState, type ServerState } from '../../src/managed-server/state-file.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { startObedientModel } from '../support/obedient-model.ts';
import { beginTurn, makePlace, promptsIn, turnEnd } from '../support/real-server.ts';

const SLOW = { withinMs: 120_000 };

test('two servers are kept apart; one that is killed comes back, and the other does not notice', async (t) => {
  await using pool = await openPool(2);
  const gateway = await pool.start();
  const [one, two] = [await pool.stateOf(0), await pool.stateOf(1)];
  t.not(one.id, two.id);
  t.not(one.port, two.port);
  t.not(one.password, two.password);
  await eventually(() => pool.isUp(one) && pool.isUp(two), { what: 'both are announced', ...SLOW });

  process.kill(two.server?.pid ?? 0, 'SIGKILL');
  const again = await eventually(async () => {
    const state = await pool.stateOf(1);
    return state.server && state.server.pid !== two.server?.pid && pool.isUp(state) ? state : null;
  }, SLOW);
  t.like(again, { id: two.id, port: two.port, password: two.password });
  t.is((await pool.stateOf(0)).server?.pid, one.server?.pid);
  t.false(pool.heard.some(({ serverId, healthy }) => serverId === one.id && !healthy));

  await gateway[Symbol.asyncDispose]();
  for (const { server } of [one, again]) t.is(findProcess(server?.pid ?? 0), null);
  t.deepEqual(await pool.database.query('select id from servers'), []);
});

test('a server is drained before it is started anew: its turn ends, what its tools left is gone, its sessions go on', async (t) => {
  await using pool = await openPool(1);
  await pool.start();
  const before = await pool.stateOf(0);
  await using agent = new OpencodeAgentServer({ url: urlOf(before), password: before.password });
  const pidFile = join(pool.directory, 'left.pid');
  const tool = await beginTurn(agent, pool.directory, `bash setsid sleep 97.6 >/dev/null 2>&1 & echo $! > ${pidFile}`);
  t.like(await turnEnd(agent, tool), { type: 'finished' });
  const left = Number(await readFile(pidFile, 'utf8'));
  t.not(findProcess(left), null);

  await begin(pool, before.id, 'hold thinking');
  await askToDrain(pool);
  await eventually(() => pool.heard.at(-1)?.accepting === false, { what: 'it takes no attempts', ...SLOW });
  await eventually(async () => (await rowOf(pool)).draining === 'An operator has asked for it.', SLOW);
  t.is((await pool.stateOf(0)).server?.pid, before.server?.pid);
  pool.model.release();
  await completed(pool);

  const after = await restarted(pool, before);
  t.is(findProcess(left), null);
  t.is(pool.owner.reported('report-completed').length, 1);
  t.is(pool.model.requests.length, 3, 'no call of the model was repeated');
  t.like(await rowOf(pool), { draining: null, drain_asked: false });
  await using later = new OpencodeAgentServer({ url: urlOf(after), password: after.password });
  t.is(promptsIn(await later.messages(tool)), 1);
  const next = { ...tool, messageId: newMessageId(), text: 'say it goes on' };
  await later.prompt(next);
  t.like(await turnEnd(later, next), { type: 'finished', text: 'it goes on' });
});

test('a turn that does not end in time is broken off, and resumed under its prompt on the new start', async (t) => {
  await using pool = await openPool(1);
  await pool.start({ OPENCODE_DRAIN_SECONDS: '1' });
  const before = await pool.stateOf(0);
  await begin(pool, before.id, 'hold thinking');
  await askToDrain(pool);
  const after = await restarted(pool, before);
  await eventually(() => pool.model.requests.length === 2, { what: 'the turn is resumed', ...SLOW });
  pool.model.release();
  await completed(pool);
  await using agent = new OpencodeAgentServer({ url: urlOf(after), password: after.password });
  const [session] = await agent.listSessions(pool.directory);
  const ref = { sessionId: session?.id ?? '', directory: pool.directory };
  t.is(promptsIn(await agent.messages(ref)), 1);
});

/** A gateway with managed servers on the real binary, and one session. */
async function openPool(count: number) {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makePlace());
  const model = stack.use(await startObedientModel());
  const gateways = stack.use(await openGateways(place.repository));
  const heard: ServerAnnouncement[] = [];
  stack.defer(await gateways.bus.subscribe([serverAnnounced], { handler: (news) => void heard.push(news) }));
  const directories = serverDirectories(place.data, count);
  const owned = stack.move();
  return {
    directory: place.repository,
    model,
    owner: gateways.owner,
    database: gateways.database,
    heard,
    start: (settings: Record<string, string> = {}) =>
      gateways.start({ managed: { directory: place.data, model, count }, settings }),
    isUp: ({ id }: ServerState) => heard.findLast(({ serverId }) => serverId === id)?.healthy === true,
    async stateOf(index: number): Promise<ServerState> {
      const state = await readState(join(directories[index] ?? '', 'server.json'));
      if (state) return state;
      throw new Error('There is no state.');
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Pool = Awaited<ReturnType<typeof openPool>>;

async function begin({ database, model, owner }: Pool, serverId: string, prompt: string): Promise<void> {
  const calls = model.requests.length;
  await database.query('update sessions set server_id = $1', [serverId]);
  await eventually(() => owner.order(serverId, prompt).catch(() => null), SLOW);
  await eventually(() => model.requests.length === calls + 1, { what: 'the turn is under way', ...SLOW });
}

function askToDrain({ database }: Pool): Promise<unknown> {
  return database.query('update servers set drain_asked = true');
}

async function completed({ database, owner }: Pool): Promise<void> {
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end of the turn', ...SLOW });
  await database.query('update sessions set attempt_open = false');
}

function restarted(pool: Pool, before: ServerState): Promise<ServerState> {
  const newOne = async () => {
    const state = await pool.stateOf(0);
    const last = pool.heard.at(-1);
    const isWell = last?.healthy === true && last.accepting;
    return state.server && state.server.pid !== before.server?.pid && isWell ? state : null;
  };
  return eventually(newOne, { what: 'the new start', ...SLOW });
}

async function rowOf({ database }: Pool) {
  const [row] = await database.query<{ draining: string | null; drain_asked: boolean }>('select * from servers');
  return row ?? { draining: 'gone', drain_asked: true };
}

function urlOf({ port }: ServerState): string {
  return `http://127.0.0.1:${port}`;
}
