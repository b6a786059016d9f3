import type { DependencyHealth } from '@oio/runtime';
import type { Redis } from 'ioredis';
import { inTime } from './in-time.ts';
import type { RedisBreaker } from './redis-breaker.ts';
import { failureOf, type RedisFailure } from './redis-failure.ts';

/** What the connection knows about itself. */
export interface ConnectionFacts {
  readonly breaker: RedisBreaker['state'];
  /** Since the start of the process. */
  readonly failures: Readonly<Record<RedisFailure, number>>;
  readonly refusal: Error | null;
}

/** From this share of its memory on Redis may soon refuse leases. */
const NEARLY_FULL = 0.9;

const BREAKER_FIGURES: Readonly<Record<RedisBreaker['state'], number>> = { closed: 0, half_open: 1, open: 2 };

/** Asks Redis past the breaker, so that the report tells how it does now and not how it did. Never throws. */
export async function redisHealth(
  client: Redis,
  facts: ConnectionFacts,
  answerWithinMs: number,
): Promise<DependencyHealth> {
  const failures = Object.entries(facts.failures).map(([kind, count]) => [`errors_${kind}_total`, count] as const);
  const own = { breaker_state: BREAKER_FIGURES[facts.breaker], ...Object.fromEntries(failures) };
  const askedAtMs = performance.now();
  try {
    const asked = Promise.all([client.info('memory'), client.info('clients'), client.dbsize()]);
    const [memory, clients, keys] = await inTime(asked, answerWithinMs);
    const latencyMs = performance.now() - askedAtMs;
    const figures = { ...own, ...figuresOf(memory, clients), keys };
    return { name: 'redis', optional: true, latencyMs, figures, ...judgement(facts, figures) };
  } catch (error) {
    const detail = facts.refusal ? 'Redis refuses the credentials.' : DETAILS[failureOf(error)];
    return {
      name: 'redis',
      state: 'down',
      optional: true,
      latencyMs: null,
      detail,
      figures: { ...own, connections: 0 },
    };
  }
}

const DETAILS: Readonly<Record<RedisFailure, string>> = {
  unreachable: 'There is no connection to Redis; the orchestrator goes on without it.',
  timeout: 'Redis does not answer; the orchestrator goes on without it.',
  refused: 'Redis refuses to tell how it does.',
  breaker_open: 'Redis is left alone for a while.',
};

/** Source: https://redis.io/docs/latest/commands/info/ */
function figuresOf(memory: string, clients: string): Record<string, number> {
  const field = (text: string, name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return {
    connections: field(clients, 'connected_clients'),
    connections_max: field(clients, 'maxclients'),
    memory_bytes: field(memory, 'used_memory'),
    memory_max_bytes: field(memory, 'maxmemory'),
  };
}

function judgement(
  { breaker }: ConnectionFacts,
  { memory_bytes: used = 0, memory_max_bytes: most = 0 }: Readonly<Record<string, number>>,
): Pick<DependencyHealth, 'state' | 'detail'> {
  if (breaker !== 'closed')
    return { state: 'degraded', detail: 'Redis answers again; the breaker has not closed yet.' };
  if (most > 0 && used > most * NEARLY_FULL)
    return { state: 'degraded', detail: 'The memory of Redis is nearly full.' };
  return { state: 'ok', detail: 'Redis answers.' };
}
