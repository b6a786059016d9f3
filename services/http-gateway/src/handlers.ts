import type { ClientCommandName } from '@oio/contracts';
import { reasonCodes } from '@oio/domain';
import { type ApprovalParts, createApprovalHandlers } from './approval-handlers.ts';
import { type BulkParts, createBulkHandlers } from './bulk-handlers.ts';
import { createDeadLetterHandlers, type DeadLetterParts } from './dead-letter-handlers.ts';
import { createGraphHandlers, type GraphParts } from './graph-handlers.ts';
import { openApiDocument } from './openapi.ts';
import { createForkHandler } from './fork-handler.ts';
import { createLimitHandlers, type LimitParts } from './limit-handlers.ts';
import { createPromptHandlers } from './prompt-handlers.ts';
import { createQuotaHandlers, type QuotaParts } from './quota-handlers.ts';
import { createReadHandlers, type ReadParts } from './read-handlers.ts';
import { createRelayHandlers, type RelayParts } from './relay-handlers.ts';
import { createScheduleHandlers, type ScheduleParts } from './schedule-handlers.ts';
import { createServerHandlers, type ServerParts } from './server-handlers.ts';
import type { Order, RouteHandlers } from './route-types.ts';
import { commandSession } from './session-commands.ts';
import { sessionAnswer } from './session-answer.ts';
import { createSubmitHandler, type SubmitParts } from './submit-handler.ts';

export type HandlerParts = SubmitParts &
  GraphParts &
  BulkParts &
  ReadParts &
  RelayParts &
  DeadLetterParts &
  ServerParts &
  LimitParts &
  QuotaParts &
  ApprovalParts &
  ScheduleParts;

type Command = Order & { readonly params: { readonly id: string }; readonly body?: unknown };

/** One handler per route of the API. */
export function createHandlers(parts: HandlerParts): RouteHandlers {
  const command =
    (name: Exclude<ClientCommandName, 'create' | 'answer' | 'prompt' | 'remove-prompt'>) => async (request: Command) =>
      sessionAnswer(await parts.admission.order(() => commandSession(parts, name, request.params.id, request)));
  return {
    ...createReadHandlers(parts),
    ...createRelayHandlers(parts),
    ...createProcessHandlers(parts),
    ...createSubmitHandler(parts),
    ...createForkHandler(parts),
    ...createPromptHandlers(parts),
    ...createGraphHandlers(parts),
    ...createBulkHandlers(parts),
    ...createDeadLetterHandlers(parts),
    ...createServerHandlers(parts),
    ...createLimitHandlers(parts),
    ...createQuotaHandlers(parts),
    ...createApprovalHandlers(parts),
    ...createScheduleHandlers(parts),
    startSession: command('start'),
    pauseSession: command('pause'),
    resumeSession: command('resume'),
    stopSession: command('stop'),
    cancelSession: command('cancel'),
    retrySession: command('retry'),
    checkpointSession: command('checkpoint'),
    revertSession: command('revert'),
    deleteSession: command('delete'),
  };
}

type ProcessRoutes = 'live' | 'ready' | 'openapi' | 'listReasonCodes';

function createProcessHandlers({ readiness }: HandlerParts): Pick<RouteHandlers, ProcessRoutes> {
  return {
    live: async () => ({ body: { status: 'live' } }),
    async ready({ principal }) {
      const { status, dependencies } = await readiness.ask();
      const body = { status, ...(principal && { dependencies: [...dependencies] }) };
      return { status: status === 'not_ready' ? 503 : 200, body };
    },
    listReasonCodes: async () => ({ body: { reasonCodes: [...reasonCodes()] } }),
    openapi: async () => ({ body: openApiDocument() as never }),
  };
}
