import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { agentConfig, type OpencodeGatewaySetting, opencodeGatewayConfig } from './config.ts';

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
