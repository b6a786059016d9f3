import { type Cache, cached } from '@oio/cache';
import { z } from 'zod';
import type { ModelRef } from './agent-server/sessions.ts';
import type { ServerLink } from './server-link.ts';

/** How long answers that change rarely are kept. Source: the domain specification, section 5. */
const KEPT_SECONDS = 300;
/** How long of that a process that took the answer from the others keeps it without asking them again. */
const BORROWED_SECONDS = 30;
const SHARED_SECONDS = KEPT_SECONDS - BORROWED_SECONDS;

export interface Catalogue {
  /** Agents that a prompt can be given to, by name. */
  readonly agents: ReadonlySet<string>;
  /** `provider/model` names. */
  readonly models: ReadonlySet<string>;
  readonly defaultModel: string | null;
}

/** A catalogue as it stands in the cache that all gateways share. */
const written = z.strictObject({
  agents: z.array(z.string()),
  models: z.array(z.string()),
  defaultModel: z.string().nullable(),
});
type WrittenCatalogue = z.output<typeof written>;

export interface CatalogueParts {
  readonly link: ServerLink;
  readonly directory: string;
  readonly cache: Cache;
  /** Whether this process looks after the server: it knows of a new start, and asks then, also for the others. */
  readonly isKeeper: () => boolean;
  /** Never goes backwards. Default: `performance.now`. */
  readonly nowMs?: () => number;
}

/** What a server offers, never older than five minutes; the keeper of a server asks after each of its starts, too. */
export function createCatalogue(parts: CatalogueParts): () => Promise<Catalogue> {
  const { link, isKeeper, nowMs = () => performance.now() } = parts;
  let kept: { readonly value: Promise<Catalogue>; readonly untilMs: number; readonly generation: number } | null = null;
  return () => {
    if (kept && kept.untilMs > nowMs() && kept.generation === link.generation) return kept.value;
    const value = recall(parts).then(fromWritten);
    const seconds = isKeeper() ? KEPT_SECONDS : BORROWED_SECONDS;
    kept = { value, untilMs: nowMs() + seconds * 1_000, generation: link.generation };
    value.catch(() => {
      kept = null;
    });
    return value;
  };
}

export function modelRef(name: string): ModelRef {
  const slash = name.indexOf('/');
  return { providerId: name.slice(0, slash), modelId: name.slice(slash + 1) };
}

async function recall({ link, directory, cache, isKeeper }: CatalogueParts): Promise<WrittenCatalogue> {
  const key = `catalogue/${link.serverId}`;
  const load = () => read(link, directory);
  if (!isKeeper())
    return cached(cache, key, { ttlSeconds: SHARED_SECONDS, parse: (value) => written.parse(value), load });
  const catalogue = await load();
  // Only a saving for the others.
  cache.set(key, catalogue, SHARED_SECONDS).catch(() => {});
  return catalogue;
}

async function read(link: ServerLink, directory: string): Promise<WrittenCatalogue> {
  const [agents, models] = await Promise.all([link.agent().agents(directory), link.agent().models(directory)]);
  return {
    agents: agents.filter(({ mode }) => mode !== 'subagent').map(({ name }) => name),
    models: models.models.map(modelName),
    defaultModel: models.default && modelName(models.default),
  };
}

function fromWritten({ agents, models, defaultModel }: WrittenCatalogue): Catalogue {
  return { agents: new Set(agents), models: new Set(models), defaultModel };
}

function modelName({ providerId, modelId }: ModelRef): string {
  return `${providerId}/${modelId}`;
}
