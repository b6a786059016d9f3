import { httpGatewayConfig } from '@oio/http-gateway/config';
import { metricsConfig } from '@oio/metrics/config';
import { agentConfig, opencodeGatewayConfig } from '@oio/opencode-gateway/config';
import { schedulerConfig } from '@oio/scheduler/config';
import { sessionActorConfig } from '@oio/session-actor/config';
import { z } from 'zod';

/** Settings of the standalone process itself. */
export const standaloneOwnConfig = z.object({
  OIO_DATA_DIR: z
    .string()
    .optional()
    .describe(
      'Where everything is kept: database, worktrees, API key, log. Default: oio in the data directory of the user (XDG_DATA_HOME).',
    ),
  WORKSPACE_ROOTS: agentConfig.shape.WORKSPACE_ROOTS.describe(
    `${agentConfig.shape.WORKSPACE_ROOTS.description} Default: the directory that it was started in.`,
  ),
  DATABASE_URL: z.string().optional().describe('Any PostgreSQL from version 15 on. Default: an embedded one.'),
  OIO_MODEL: agentConfig.shape.OIO_MODEL,
  OIO_PROVIDERS: agentConfig.shape.OIO_PROVIDERS,
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .describe('What the log holds.'),
});

/** All settings of the standalone process: its own and those of the services in it. */
export const standaloneConfig = z.object({
  ...standaloneOwnConfig.shape,
  ...httpGatewayConfig.shape,
  ...schedulerConfig.shape,
  ...sessionActorConfig.shape,
  ...opencodeGatewayConfig.shape,
  ...metricsConfig.shape,
});
export type StandaloneConfig = z.output<typeof standaloneConfig>;
