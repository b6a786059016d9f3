import { type Cache, createInProcessCache } from '@oio/cache';
import test from 'ava';
import { createCatalogue } from '../src/catalogue.ts';
import { createServerLink } from '../src/server-link.ts';
import { createNullAgentServer } from '../src/testing/null-agent-server.ts';

/** A server whose agents are numbered by how often it was asked, and a clock that is moved by hand. */
function open() {
  let nowMs = 0;
  let asked = 0;
  let isAway = false;
  const agent = {
    ...createNullAgentServer(),
    async agents() {
      if (isAway) throw new Error('away');
      asked += 1;
      return [{ name: `agent-${asked}`, description: null, mode: 'primary' as const }];
    },
  };
  const shared = createInProcessCache({ monotonicMs: () => nowMs });
  return {
    agent,
    shared,
    at(seconds: number): void {
      nowMs = seconds * 1_000;
    },
    goAway(away: boolean): void {
      isAway = away;
    },
    gateway({ isKeeper = false, cache = shared }: { isKeeper?: boolean; cache?: Cache } = {}) {
      const link = createServerLink('a');
      link.set(agent, { restarted: false });
      const read = createCatalogue({ link, directory: '', cache, isKeeper: () => isKeeper, nowMs: () => nowMs });
      return { link, agents: async () => [...(await read()).agents] };
    },
  };
}

test('what a server offers is asked for once in five minutes', async (t) => {
  const server = open();
  const { agents } = server.gateway({ isKeeper: true });
  t.deepEqual(await agents(), ['agent-1']);
  server.at(299);
  t.deepEqual(await agents(), ['agent-1']);
  server.at(300);
  t.deepEqual(await agents(), ['agent-2']);
});

test('gateways share an answer, and nowhere it gets older than five minutes', async (t) => {
  const server = open();
  const [one, other] = [server.gateway(), server.gateway()];
  t.deepEqual(await one.agents(), ['agent-1']);
  server.at(269);
  t.deepEqual(await other.agents(), ['agent-1']);
  server.at(300);
  t.deepEqual(await other.agents(), ['agent-2']);
  t.deepEqual(await one.agents(), ['agent-2']);
});

test('the keeper of a server asks again after its new start, also for the others', async (t) => {
  const server = open();
  const [keeper, other] = [server.gateway({ isKeeper: true }), server.gateway()];
  t.deepEqual(await keeper.agents(), ['agent-1']);
  t.deepEqual(await other.agents(), ['agent-1']);
  keeper.link.set(server.agent, { restarted: true });
  t.deepEqual(await keeper.agents(), ['agent-2']);
  server.at(31);
  t.deepEqual(await other.agents(), ['agent-2']);
});

test('a failure is not kept, and a cache that is away costs only the asking', async (t) => {
  const server = open();
  const away = async () => Promise.reject(new Error('no Redis'));
  const { agents } = server.gateway({ cache: { get: away, set: away } });
  server.goAway(true);
  await t.throwsAsync(agents(), { message: 'away' });
  server.goAway(false);
  t.deepEqual(await agents(), ['agent-1']);
});
