import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { type OpencodeGatewaySetting, opencodeGatewayConfig } from './config.ts';

/** Where sessions may work and what their agents may use. */
export const agentConfig = z.object({
  WORKSPACE_ROOTS: z
    .string()
    .default('')
    .transform((value) => value.split(delimiter).filter(Boolean))
    .describe(`Directories that sessions may work in, separated by "${delimiter}"; the first is the default.`),
  OIO_MODEL: z
    .string()
    .regex(/^[^/]+\/.+$/, 'must be provider/model')
    .optional()
    .describe('provider/model for sessions that name none.'),
  OIO_PROVIDERS: z
    .string()
    .transform(parseProviders)
    .optional()
    .describe(
      "OpenCode's `provider` section as JSON: model endpoints that OpenCode does not bring along. Where all that there are have their `npm` and `models`, and nothing has credentials of others, its servers know no other models and open a directory in half the time.",
    ),
});

/** Settings of an opencode-gateway that is a process of its own. */
export const opencodeProcessConfig = z.object({
  ...opencodeGatewayConfig.shape,
  ...agentConfig.shape,
  ENCRYPTION_KEY: z
    .nonoptional(opencodeGatewayConfig.shape.ENCRYPTION_KEY)
    .describe(
      'Encrypts the passwords of the OpenCode servers in the database: at least 32 random characters, the same for all opencode-gateways. A new key goes in front of the old one, with a comma.',
    ),
  WORKSPACE_ROOTS: agentConfig.shape.WORKSPACE_ROOTS.refine(
    (roots) => roots.length > 0,
    'is needed and not set',
  ).describe(`Needed: directories that sessions may work in, separated by "${delimiter}"; the first is the default.`),
  OPENCODE_DIRECTORY: z
    .string()
    .min(1)
    .describe('Where the managed OpenCode server keeps its sessions; one for each opencode-gateway.'),
  WORKTREES_DIRECTORY: z
    .string()
    .min(1)
    .describe("Where sessions' git worktrees lie; the same for all opencode-gateways of a machine."),
});
type OpencodeProcessConfig = z.output<typeof opencodeProcessConfig>;

/** What the settings of a process mean for the service. */
export async function settingOf(
  config: OpencodeProcessConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<OpencodeGatewaySetting> {
  return {
    serverDirectory: config.OPENCODE_DIRECTORY,
    worktreesDirectory: config.WORKTREES_DIRECTORY,
    roots: config.WORKSPACE_ROOTS,
    model: config.OIO_MODEL ?? null,
    providers: config.OIO_PROVIDERS ?? null,
    authContent: await openCodeCredentials(environment),
    environment,
  };
}

/** The credentials that the user gave OpenCode itself (`opencode auth login`); null without any. */
export async function openCodeCredentials(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const base = environment['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  return readFile(join(base, 'opencode', 'auth.json'), 'utf8').catch(() => null);
}

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
