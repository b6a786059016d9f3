import { z } from 'zod';
import { byModel, quota, quotaOrder } from './quotas.ts';

/** The operations on models that are closed for a time. */
export const quotaRoutes = {
  listQuotas: {
    method: 'GET',
    path: '/v1/quotas',
    summary: 'List the models that no session is started for now, because their provider or an operator closed them.',
    scope: 'operator',
    status: 200,
    reply: z.object({ quotas: z.array(quota) }),
  },
  closeQuota: {
    method: 'PUT',
    path: '/v1/quotas/{provider}/{model}',
    summary:
      'Start no sessions with a model until a time; what runs goes on. Escape each `/` in the name of the model as `%2F`.',
    scope: 'operator',
    params: byModel,
    body: quotaOrder,
    status: 200,
    reply: quota,
  },
  reopenQuota: {
    method: 'DELETE',
    path: '/v1/quotas/{provider}/{model}',
    summary:
      'Let sessions with a closed model start again, whoever closed it. Escape each `/` in the name of the model as `%2F`.',
    scope: 'operator',
    params: byModel,
    status: 200,
    reply: quota,
  },
} as const;
