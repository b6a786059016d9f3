import { delimiter } from 'node:path';
import { httpGatewayConfig } from '@oio/http-gateway';
import { metricsConfig } from '@oio/metrics';
import { opencodeGatewayConfig } from '@oio/opencode-gateway';
import { schedulerConfig } from '@oio/scheduler';
import { sessionActorConfig } from '@oio/session-actor';
import { z } from 'zod';

/** Settings of the standalone process itself. */
export const standaloneOwnConfig = z.object({
  OIO_DATA_DIR: z
    .string()
    .optional()
    .describe(
      'Where everything is kept: database, worktrees, API key, log. Default: oio in the data directory of the user (XDG_DATA_HOME).',
    ),
  WORKSPACE_ROOTS: z
    .string()
    .default('')
    .transform((value) => value.split(delimiter).filter(Boolean))
    .describe(
      `Directories that sessions may work in, separated by "${delimiter}"; the first is the default. Default: the directory that it was started in.`,
    ),
  DATABASE_URL: z.string().optional().describe('Any PostgreSQL from version 15 on. Default: an embedded one.'),
  OIO_MODEL: z
    .string()
    .regex(/^[^/]+\/.+$/, 'must be provider/model')
    .optional()
    .describe('provider/model for sessions that name none.'),
  OIO_PROVIDERS: z
    .string()
    .transform(parseProviders)
    .optional()
    .describe("OpenCode's `provider` section as JSON: model endpoints that OpenCode does not bring along."),
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

function parseProviders(text: string, context: z.RefinementCtx): Readonly<Record<string, unknown>> {
  const parsed = z.record(z.string(), z.record(z.string(), z.unknown())).safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  // Not a word of what was given: there are keys in it.
  context.addIssue('must be a JSON object of providers, each an object as in the `provider` section of opencode.json');
  return z.NEVER;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
