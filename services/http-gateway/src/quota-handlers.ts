import { inspectPlace, quotasChanged, type Violation } from '@oio/contracts';
import { InvalidError, NotFoundError, TimeoutError, UnavailableError } from '@oio/errors';
import { type Bus, serviceEnvelope } from '@oio/messaging';
import type { GatewayRouter } from '@oio/ownership';
import type { Clock } from '@oio/runtime';
import type { QuotaStore } from './ports.ts';
import type { RouteHandlers } from './route-types.ts';

export interface QuotaParts {
  readonly bus: Bus;
  readonly quotas: QuotaStore;
  readonly gateways: GatewayRouter;
  readonly clock: Clock;
}

type Names = 'listQuotas' | 'closeQuota' | 'reopenQuota';

const LONGEST_MS = 7 * 86_400_000;

/** The closed models belong to no tenant: they are an operator's. */
export function createQuotaHandlers({ bus, quotas, gateways, clock }: QuotaParts): Pick<RouteHandlers, Names> {
  // The scheduler looks every two seconds as well.
  const tell = (): void => bus.announce(quotasChanged, {});
  return {
    listQuotas: async () => ({ body: { quotas: [...(await quotas.closed())] } }),
    async closeQuota({ params: { provider, model }, body: { until, reason }, principal: { tenant } }) {
      const name = `${provider}/${model}`;
      const offered = await lookUp(gateways, name, tenant);
      const violations = [...timeViolations(until, clock.now()), ...offered.violations];
      if (violations.length > 0) throw new InvalidError('The request is not valid.', { violations });
      const quota = await quotas.close(name, { until, reason, byDefault: offered.defaultModel === name });
      tell();
      return { body: quota };
    },
    async reopenQuota({ params: { provider, model } }) {
      const quota = await quotas.reopen(`${provider}/${model}`);
      if (!quota) throw new NotFoundError(`${provider}/${model} is not closed.`, { code: 'quota_not_found' });
      tell();
      return { body: quota };
    },
  };
}

function timeViolations(until: string, now: string): Violation[] {
  const aheadMs = Date.parse(until) - Date.parse(now);
  if (aheadMs > 0 && aheadMs <= LONGEST_MS) return [];
  const message = `until must be in the future, at most seven days ahead; it is ${now}, and ${until} came.`;
  return [{ field: 'until', code: aheadMs > 0 ? 'too_late' : 'past', message }];
}

interface Offered {
  readonly violations: readonly Violation[];
  /** What sessions that name no model run with: to close it closes that to them as well. */
  readonly defaultModel?: string | null | undefined;
}

/** A model that no server has would be closed for nobody. While nobody can say which there are, an operator is believed. */
async function lookUp(gateways: GatewayRouter, model: string, tenant: string): Promise<Offered> {
  const nowhere = { directory: null, workspace: null, agent: null, agentConfigNames: [] };
  const question = { ...nowhere, models: [{ field: 'model', model }], cpuLimit: null, memoryLimitMb: null };
  try {
    const answer = await gateways.read(inspectPlace, question, serviceEnvelope('http-gateway', { tenant }));
    return { ...answer, violations: answer.violations.filter(({ field }) => field === 'model') };
  } catch (error) {
    if (error instanceof UnavailableError || error instanceof TimeoutError) return { violations: [] };
    throw error;
  }
}
