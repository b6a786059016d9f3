import type { ModelRef } from './ports.ts';
import type { ServerLink } from './server-link.ts';

/** How long answers that change rarely are kept, in milliseconds. Source: the domain specification, section 5. */
const KEPT_MS = 300_000;

export interface Catalogue {
  /** Agents that a prompt can be given to, by name. */
  readonly agents: ReadonlySet<string>;
  /** `provider/model` names. */
  readonly models: ReadonlySet<string>;
  readonly defaultModel: string | null;
}

/** What a server offers, asked for at most every five minutes and after each of its starts. */
export function createCatalogue(link: ServerLink, directory: string): () => Promise<Catalogue> {
  let kept: { readonly value: Promise<Catalogue>; readonly untilMs: number; readonly generation: number } | null = null;
  return () => {
    if (kept && kept.untilMs > performance.now() && kept.generation === link.generation) return kept.value;
    const value = read(link, directory);
    kept = { value, untilMs: performance.now() + KEPT_MS, generation: link.generation };
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

async function read(link: ServerLink, directory: string): Promise<Catalogue> {
  const [agents, models] = await Promise.all([link.agent().agents(directory), link.agent().models(directory)]);
  return {
    agents: new Set(agents.filter(({ mode }) => mode !== 'subagent').map(({ name }) => name)),
    models: new Set(models.models.map(modelName)),
    defaultModel: models.default && modelName(models.default),
  };
}

function modelName({ providerId, modelId }: ModelRef): string {
  return `${providerId}/${modelId}`;
}
