import { quotasChanged } from '@oio/contracts';
import { InvalidError, NotFoundError } from '@oio/errors';
import type { Bus } from '@oio/messaging';
import type { Clock } from '@oio/runtime';
import type { QuotaStore } from './ports.ts';
import type { RouteHandlers } from './route-types.ts';

export interface QuotaParts {
  readonly bus: Bus;
  readonly quotas: QuotaStore;
  readonly clock: Clock;
}

type Names = 'listQuotas' | 'closeQuota' | 'reopenQuota';

const LONGEST_MS = 7 * 86_400_000;

/** The closed models belong to no tenant: they are an operator's. */
export function createQuotaHandlers({ bus, quotas, clock }: QuotaParts): Pick<RouteHandlers, Names> {
  // The scheduler looks every two seconds as well.
  const tell = (): void => bus.announce(quotasChanged, {});
  return {
    listQuotas: async () => ({ body: { quotas: [...(await quotas.closed())] } }),
    async closeQuota({ params: { provider, model }, body: { until, reason } }) {
      refuseTime(until, clock.now());
      const quota = await quotas.close(`${provider}/${model}`, { until, reason });
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

function refuseTime(until: string, now: string): void {
  const aheadMs = Date.parse(until) - Date.parse(now);
  if (aheadMs > 0 && aheadMs <= LONGEST_MS) return;
  const message = `until must be in the future, at most seven days ahead; it is ${now}, and ${until} came.`;
  const code = aheadMs > 0 ? 'too_late' : 'past';
  throw new InvalidError('The request is not valid.', { violations: [{ field: 'until', code, message }] });
}
