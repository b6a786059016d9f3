import test from 'ava';
import { Servers } from '../src/servers.ts';
import { ManualClock } from './support/manual-clock.ts';

const news = { serverId: 'one', healthy: true, capacity: 4, accepting: true, version: null, detail: null };

test('a server that is silent for six seconds counts as unhealthy until it is heard of again', (t) => {
  const clock = new ManualClock();
  const servers = new Servers(clock);
  servers.hear(news);
  clock.advance(5_999);
  t.deepEqual(servers.all(), [{ id: 'one', isHealthy: true, isAccepting: true, capacity: 4 }]);
  clock.advance(1);
  t.deepEqual(servers.all(), [{ id: 'one', isHealthy: false, isAccepting: true, capacity: 4 }]);
  servers.hear(news);
  t.true(servers.all()[0]?.isHealthy);
  servers.hear({ ...news, accepting: false });
  t.false(servers.all()[0]?.isAccepting);
});

test('a server that has been silent for long is forgotten', (t) => {
  const clock = new ManualClock();
  const servers = new Servers(clock);
  servers.hear(news);
  clock.advance(700_000);
  t.deepEqual(servers.all(), []);
});
