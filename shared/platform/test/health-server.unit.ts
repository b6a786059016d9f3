import { StartupError } from '@oio/errors';
import type { DependencyHealth } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { type HealthServer, startHealthServer } from '../src/health-server.ts';
import { createProcessMetrics } from '../src/process-metrics.ts';
import { Readiness } from '../src/readiness.ts';

const TOKEN = 'a-token-of-at-least-32-characters';

test('a process lives from its start on, and is ready when it has started and until it stops', async (t) => {
  await using health = await start();
  t.is((await ask(health, '/health/live')).status, 200);
  t.is((await ask(health, '/health/ready')).status, 503);
  health.readiness.started();
  t.is((await ask(health, '/health/ready')).status, 200);
  health.readiness.stopping();
  t.is((await ask(health, '/health/ready')).status, 503);
  t.is((await ask(health, '/health/live')).status, 200);
});

test('readiness shows the report of each dependency, and so do the metrics', async (t) => {
  await using health = await start();
  health.readiness.add({ name: 'redis', optional: true, report: async () => REDIS });
  health.readiness.started();
  const ready = await ask(health, '/health/ready');
  t.is(ready.status, 200);
  t.deepEqual(JSON.parse(ready.text), {
    status: 'degraded',
    reasons: ['redis degraded: The breaker is open.'],
    dependencies: [REDIS],
  });
  const { status, text } = await ask(health, '/metrics');
  t.is(status, 200);
  t.regex(text, /^oio_ready\{service="scheduler"\} 1$/m);
  t.regex(text, /^oio_dependency_up\{dependency="redis",service="scheduler"\} 0\.5$/m);
  t.regex(text, /^oio_dependency_latency_seconds\{dependency="redis",service="scheduler"\} 0\.003$/m);
  t.regex(text, /^oio_dependency_figure\{dependency="redis",figure="breaker_open",service="scheduler"\} 1$/m);
  t.regex(text, /^process_resident_memory_bytes\{service="scheduler"\} \d+$/m);
});

test('a figure that a dependency does not report any more is not shown any more', async (t) => {
  await using health = await start();
  let figures: Record<string, number> = { memory_bytes: 5, breaker_open: 0 };
  health.readiness.add({ name: 'redis', optional: true, report: async () => ({ ...REDIS, figures }) });
  health.readiness.started();
  t.regex((await ask(health, '/metrics')).text, /figure="memory_bytes",service="scheduler"\} 5$/m);
  figures = { breaker_open: 1 };
  const shown = async () => {
    const { text } = await ask(health, '/metrics');
    return text.includes('figure="breaker_open",service="scheduler"} 1') ? text : null;
  };
  // A report counts for a moment.
  t.notRegex(await eventually(shown, { what: 'the new report' }), /memory_bytes",service="scheduler"/);
});

test('with a token, reasons and metrics are for its holder only, and probes still learn the status', async (t) => {
  await using health = await start(TOKEN);
  t.deepEqual(JSON.parse((await ask(health, '/health/ready')).text), { status: 'starting' });
  t.is((await ask(health, '/metrics')).status, 401);
  t.is((await ask(health, '/metrics', { authorization: 'Bearer wrong' })).status, 401);
  t.is((await ask(health, '/metrics', { authorization: `Bearer ${TOKEN}` })).status, 200);
  const ready = await ask(health, '/health/ready', { authorization: `Bearer ${TOKEN}` });
  t.like(JSON.parse(ready.text), { reasons: ['The process is starting.'] });
});

test('there is nothing else, and nothing to change', async (t) => {
  await using health = await start();
  t.is((await ask(health, '/')).status, 404);
  t.is((await ask(health, '/health')).status, 404);
  t.is((await fetch(`${health.server.url}/health/ready`, { method: 'POST', body: '{}' })).status, 405);
});

test('a port that is taken is told in words', async (t) => {
  await using health = await start();
  const port = Number(new URL(health.server.url).port);
  const error = await t.throwsAsync(() => start(undefined, port), { instanceOf: StartupError });
  t.regex(error.message, /another program listens there.*HEALTH_PORT/);
});

const REDIS: DependencyHealth = {
  name: 'redis',
  optional: true,
  state: 'degraded',
  latencyMs: 3,
  detail: 'The breaker is open.',
  figures: { breaker_open: 1 },
};

async function start(token?: string, port = 0) {
  await using stack = new AsyncDisposableStack();
  const readiness = new Readiness();
  const metrics = stack.use(createProcessMetrics('scheduler', readiness));
  const server = stack.use(await startHealthServer({ host: '127.0.0.1', port, token, readiness, metrics }));
  const owned = stack.move();
  return { server, readiness, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function ask(
  { server }: { readonly server: HealthServer },
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${server.url}${path}`, { headers });
  return { status: response.status, text: await response.text() };
}
