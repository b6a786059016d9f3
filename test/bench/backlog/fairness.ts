import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { commitSessions, type Database, openDatabase } from '@oio/persistence';
import { newId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import { startBacking } from '../system/backing.ts';
import { startSystem } from '../system/start-system.ts';
import type { BacklogOptions } from './measure-backlog.ts';
import { NOTHING_RUNS, setLimits } from './limits.ts';
import { queuedSession } from './queued-session.ts';

/** How slots are shared between tenants that all have something to run, in the order of the starts that were committed. */
export interface Fairness {
  /** Of what each tenant was given by its weight: 1 is even. Until the first with a backlog to speak of has nearly run dry. */
  readonly jain: number;
  readonly compared: number;
  /** What a tenant of weight 3 was given for each of one of weight 1. */
  readonly threeToOne: number;
}

interface Tenant {
  readonly name: string;
  readonly backlog: number;
  readonly weight: number;
}

/** From 1 to 1,000, of weights 1, 2 and 3. */
const MANY: readonly Tenant[] = Array.from({ length: 20 }, (_none, index) => ({
  name: `tenant-${index}`,
  backlog: Math.round(1_000 ** (index / 19)),
  weight: 1 + (index % 3),
}));
/** With fewer one start more or less would be several per cent. */
const WORTH_COMPARING = 50;
const TWO: readonly Tenant[] = [
  { name: 'heavy', backlog: 1_500, weight: 3 },
  { name: 'light', backlog: 1_500, weight: 1 },
];
/** The last ones of a backlog may commit later than those that were chosen after them. */
const NEARLY_ALL = 0.9;
const AT_ONCE = 500;
const WITHIN_MS = 120_000;

/** Backlogs of one class are served by agents that answer at once: twenty of very different size, then two of the same. */
export async function measureFairness(options: Omit<BacklogOptions, 'queued'>): Promise<Fairness> {
  const many = await servedTogether(options, MANY);
  const shares = many.map(({ served, weight }) => served / weight);
  const [heavy, light] = await servedTogether(options, TWO);
  return {
    jain: round(sum(shares) ** 2 / (shares.length * sum(shares.map((share) => share ** 2)))),
    compared: shares.length,
    threeToOne: round((heavy?.served ?? 0) / (light?.served ?? 0)),
  };
}

/** How many of each tenant had started when the first of those worth comparing had nearly nothing left; those that had less are left out. */
async function servedTogether(options: Omit<BacklogOptions, 'queued'>, tenants: readonly Tenant[]) {
  const directory = join(options.directory, `fairness-${tenants.length}`);
  options.onProgress(`w4: ${tenants.length} tenants share the slots`);
  await using backing = await startBacking(directory, options.mode);
  await using database = await openDatabase(backing.postgres.url, { connections: 2 });
  await queueAll(database, { tenants, root: join(directory, 'projects'), slots: options.slots });
  await database.query(`insert into limits values ('limits', $1::json)`, [JSON.stringify(NOTHING_RUNS.limits)]);
  await using system = await startSystem(backing, { ...options, directory, agents: 'answer', sessionActors: 1 });
  await setLimits(system, {
    limits: tenants.map(({ name, weight }) => ({ scope: 'tenant', name, weight })),
  });
  const all = tenants.reduce((count, { backlog }) => count + backlog, 0);
  const patience = { what: 'the backlogs to be served', withinMs: WITHIN_MS, everyMs: 500 };
  const starts = await system.whileRunning(() => eventually(() => allStarts(database, all), patience));
  return countTogether(tenants, starts);
}

/** The largest backlog first, so that by age alone it would be served before all others. */
async function queueAll(
  database: Database,
  plan: { readonly tenants: readonly Tenant[]; readonly root: string; readonly slots: number },
): Promise<void> {
  const nobody = newId();
  for (const { name, backlog } of plan.tenants.toSorted((a, b) => b.backlog - a.backlog)) {
    // As many directories as slots: they hold nobody up.
    const places = Array.from({ length: Math.min(backlog, plan.slots) }, (_none, index) =>
      join(plan.root, name, String(index)),
    );
    for (const place of places) await mkdir(place, { recursive: true });
    for (let from = 0; from < backlog; from += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, backlog - from) }, (_none, index) =>
        queuedSession(
          { tenant: name, directory: places[(from + index) % places.length] ?? '', priority: 'medium' },
          nobody,
        ),
      );
      await commitSessions(database, batch);
    }
  }
}

/** By tenant, in their order; null until there are so many. */
async function allStarts(database: Database, count: number): Promise<string[] | null> {
  const rows = await database.query<{ tenant: string }>(
    `select s.tenant from session_events e join sessions s on s.id = e.session_id where e.type = 'session.running' order by e.position`,
  );
  return rows.length < count ? null : rows.map(({ tenant }) => tenant);
}

function countTogether(tenants: readonly Tenant[], starts: readonly string[]) {
  const compared = tenants.filter(({ backlog }) => backlog >= WORTH_COMPARING);
  const served = new Map<string, number>();
  for (const name of starts) {
    served.set(name, (served.get(name) ?? 0) + 1);
    if (compared.some((tenant) => (served.get(tenant.name) ?? 0) >= NEARLY_ALL * tenant.backlog)) break;
  }
  return compared.map(({ name, weight }) => ({ served: served.get(name) ?? 0, weight }));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
