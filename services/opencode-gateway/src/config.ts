import { delimiter } from 'node:path';
import { z } from 'zod';
import { turnConfig } from './turn/turn-limits.ts';

const serverId = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be letters, digits, _ and -');
const foreignServers = z.array(
  z.strictObject({
    id: serverId,
    url: z.url({ protocol: /^https?$/ }),
    password: z.string().min(1, 'a server without a password is not used'),
    capacity: z.int().min(1).max(1_000),
  }),
);

const number = (least: number, most: number, usual: number) =>
  z.coerce.number().int().min(least).max(most).default(usual);

/** Settings of the opencode-gateway. */
export const opencodeGatewayConfig = z.object({
  OPENCODE_SERVERS_MANAGED: number(0, 32, 1).describe(
    'How many OpenCode servers the gateway starts and looks after, each with a data directory of its own. When there are fewer than before, sessions of those left out wait until there are as many again.',
  ),
  OPENCODE_SERVERS: z
    .string()
    .default('[]')
    .transform(parseServers)
    .describe(
      'Further OpenCode servers that sessions may run on, as JSON: `[{"id", "url", "password", "capacity"}]`. All gateways learn of them.',
    ),
  ENCRYPTION_KEY: z
    .string()
    .transform((value) => value.split(',').map((key) => key.trim()))
    .pipe(z.array(z.string().min(32, 'each key must have at least 32 characters')).min(1))
    .optional()
    .describe(
      'Encrypts the passwords of the servers in the database: at least 32 random characters, the same for all gateways. A new key goes in front of the old one, with a comma. Default: a key file beside the managed server.',
    ),
  OPENCODE_SERVER_CAPACITY: number(1, 50, 8).describe('Sessions that one managed OpenCode server runs at once.'),
  OPENCODE_RECYCLE_SECONDS: number(0, 31_536_000, 86_400).describe(
    'A managed OpenCode server that has run for so long is started anew, after its turns have ended; 0: never for this reason.',
  ),
  OPENCODE_RECYCLE_MEMORY_MB: number(0, 1_048_576, 3_072).describe(
    'The same when it and all that it started take so much memory in MiB (proportional set size: what they share counts once); 0: never.',
  ),
  OPENCODE_RECYCLE_DIRECTORIES: number(0, 100_000, 40).describe(
    'The same when it has worked in so many directories, each of which costs it about 45 MB for good; a session in a worktree is one; 0: never.',
  ),
  OPENCODE_RECYCLE_DATABASE_MB: number(0, 1_048_576, 1_024).describe(
    'The same when its database takes so many MiB, which is compacted then; again only after growing by a quarter; 0: never.',
  ),
  OPENCODE_PROMPTS_PER_MINUTE: number(0, 1_000_000, 60).describe(
    'Prompts that one OpenCode server is sent in a minute, by all gateways together where there is a Redis; further ones wait for their turn. 0: as many as come.',
  ),
  OPENCODE_PROMPT_BURST: number(1, 100_000, 10).describe('How many of these prompts may come at once.'),
  OPENCODE_DRAIN_SECONDS: number(0, 86_400, 600).describe(
    'How long the turns of a server that is to be started anew may go on; then they are broken off, and resumed on the new start.',
  ),
  OPENCODE_CGROUP: z
    .string()
    .regex(/^\/[^\0]*$/, 'must begin with /')
    .optional()
    .describe(
      'A cgroup that the gateway may divide, as a path below the mount of cgroups: limits of CPU and memory are enforced in it. It must be writable and, in cgroups of version 2, hold no processes itself. Default: that of the gateway.',
    ),
  OPENCODE_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('Port of the first managed OpenCode server, the others take the next ones; any free ones when missing.'),
  ...turnConfig.shape,
});
export type OpencodeGatewayConfig = z.output<typeof opencodeGatewayConfig>;

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

/** What the composing process decides: where things lie and what the agents may use. */
export interface OpencodeGatewaySetting {
  /** Data directory of the first managed server, where its sessions live; the others have theirs in it. */
  readonly serverDirectory: string;
  readonly worktreesDirectory: string;
  /** Directories that sessions may work in; the first is the default. */
  readonly roots: readonly string[];
  /** `provider/model` for sessions that name none. */
  readonly model: string | null;
  /** OpenCode's own `provider` section, for providers that it does not bring along. */
  readonly providers: Readonly<Record<string, unknown>> | null;
  /** Content of the user's OpenCode `auth.json`; null without one. */
  readonly authContent: string | null;
  /** The environment of this process; an allow-list of it reaches the OpenCode server. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

function parseServers(text: string, context: z.RefinementCtx): z.output<typeof foreignServers> {
  const parsed = foreignServers.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  // Where it is wrong, and not a word of what was given: there are passwords in it.
  context.addIssue(`must be a JSON list of {id, url, password, capacity}; ${issue?.path.join('.')}: ${issue?.message}`);
  return z.NEVER;
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
