import { z } from 'zod';
import { limits, newLimits } from './limits.ts';
import { newServer } from './server-orders.ts';
import { serverView } from './servers.ts';

const byServerId = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'id must be letters, digits, _ and -.'),
});
/** The operations on what whoever runs the installation looks after: OpenCode servers and limits. */
export const operatorRoutes = {
  listServers: {
    method: 'GET',
    path: '/v1/servers',
    summary: 'List the OpenCode servers and how they are.',
    scope: 'operator',
    status: 200,
    reply: z.object({ servers: z.array(serverView) }),
  },
  registerServer: {
    method: 'POST',
    path: '/v1/servers',
    summary:
      'Let sessions work on an OpenCode server that you run, or say what is new about it. It must be in order and refuse whoever comes without its password, which is stored encrypted and never shown.',
    scope: 'operator',
    body: newServer,
    status: 201,
    reply: serverView,
  },
  removeServer: {
    method: 'DELETE',
    path: '/v1/servers/{id}',
    summary: 'Forget an OpenCode server that you run, after it was drained and its attempts were closed.',
    scope: 'operator',
    params: byServerId,
    status: 200,
    reply: serverView,
  },
  drainServer: {
    method: 'POST',
    path: '/v1/servers/{id}/drain',
    summary:
      'Give an OpenCode server no new attempts. A managed one is started anew when its turns have ended, and takes attempts again then.',
    scope: 'operator',
    params: byServerId,
    status: 200,
    reply: serverView,
  },
  acceptServer: {
    method: 'POST',
    path: '/v1/servers/{id}/accept',
    summary: 'Let an OpenCode server take attempts again that an operator has drained.',
    scope: 'operator',
    params: byServerId,
    status: 200,
    reply: serverView,
  },
  getLimits: {
    method: 'GET',
    path: '/v1/limits',
    summary: 'The limits that operators have set.',
    scope: 'operator',
    status: 200,
    reply: limits,
  },
  setLimits: {
    method: 'PUT',
    path: '/v1/limits',
    summary: 'Set the limits, all at once. They hold at once; what runs already goes on.',
    scope: 'operator',
    body: newLimits,
    status: 200,
    reply: limits,
  },
} as const;
