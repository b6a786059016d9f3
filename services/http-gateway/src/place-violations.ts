import { agentName, inspectPlace, modelName, newSession, type Violation } from '@oio/contracts';
import { type Envelope, serviceEnvelope } from '@oio/messaging';
import type { GatewayRouter } from '@oio/ownership';
import { timeViolations } from '@oio/domain';
import type { Clock, Logger } from '@oio/runtime';
import type { FurtherViolations } from './parse-request.ts';
import type { Principal } from './ports.ts';

type Raw = Readonly<Record<string, unknown>>;

/**
 * What is impossible about the place and the times of a session whose other fields break the contract already, so that the client learns
 * of both at once. Asks only about fields that are valid in themselves; when nobody can answer, the rest is told alone.
 */
export function createPlaceInspection(
  gateways: GatewayRouter,
  clock: Clock,
  logger: Logger,
): (principal: Principal, correlationId: string) => FurtherViolations {
  return ({ id, tenant }, correlationId) =>
    async (body) => {
      const raw = body as Raw;
      const times = timeViolations(
        { start: field(raw, 'start') ?? true, notBefore: field(raw, 'notBefore') },
        clock.now(),
      );
      const envelope = { ...serviceEnvelope('http-gateway', { tenant }), correlationId, principal: `user:${id}` };
      try {
        return [...times, ...(await placeViolations(gateways, raw, envelope))];
      } catch (error) {
        logger.warn({ err: error, correlationId }, 'place not inspected');
        return times;
      }
    };
}

/** What is impossible about the place of a session, as far as its fields are valid. Throws when nobody can say. */
export async function placeViolations(gateways: GatewayRouter, raw: Raw, envelope: Envelope): Promise<Violation[]> {
  const { violations } = await gateways.read(inspectPlace, questionFrom(raw), envelope);
  const directoryKnown = field(raw, 'directory') !== undefined;
  return violations.filter((violation) => directoryKnown || !['directory', 'workspace'].includes(violation.field));
}

function questionFrom(raw: Raw) {
  const model = field(raw, 'model');
  return {
    directory: field(raw, 'directory') ?? null,
    workspace: field(raw, 'workspace') ?? null,
    agent: field(raw, 'agent') ?? null,
    ...agentsFrom(raw['agentConfig']),
    ...(model && { models: [{ field: 'model', model }, ...agentsFrom(raw['agentConfig']).models] }),
    cpuLimit: field(raw, 'cpuLimit') ?? null,
    memoryLimitMb: field(raw, 'memoryLimitMb') ?? null,
  };
}

const ASKED_ABOUT = [
  'directory',
  'workspace',
  'agent',
  'model',
  'cpuLimit',
  'memoryLimitMb',
  'start',
  'notBefore',
] as const satisfies readonly (keyof typeof newSession.shape)[];

/** A field by its own rule; undefined when it breaks it. */
function field<N extends (typeof ASKED_ABOUT)[number]>(raw: Raw, name: N) {
  const result = newSession.shape[name].safeParse(raw[name]);
  return result.success ? (result.data as ReturnType<(typeof newSession.shape)[N]['parse']>) : undefined;
}

/** Well-formed names and models, also of a configuration that is not valid as a whole: its agents are no unknown ones. */
function agentsFrom(agentConfig: unknown): { agentConfigNames: string[]; models: { field: string; model: string }[] } {
  const isRecord = typeof agentConfig === 'object' && agentConfig !== null && !Array.isArray(agentConfig);
  const entries = isRecord
    ? Object.entries(agentConfig as Raw).filter(([name]) => agentName.safeParse(name).success)
    : [];
  const models = entries.flatMap(([name, settings]) => {
    const model = modelName.safeParse((settings as { model?: unknown } | null)?.model);
    return model.success ? [{ field: `agentConfig.${name}.model`, model: model.data }] : [];
  });
  return { agentConfigNames: entries.map(([name]) => name), models };
}
