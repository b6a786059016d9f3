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

/** Settings of the opencode-gateway. */
export const opencodeGatewayConfig = z.object({
  OPENCODE_MANAGED: z
    .enum(['true', 'false'])
    .default('true')
    .transform((value) => value === 'true')
    .describe('Whether the gateway starts an OpenCode server of its own and looks after it.'),
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
  OPENCODE_SERVER_CAPACITY: z.coerce
    .number()
    .int()
    .min(1)
    .max(50)
    .default(8)
    .describe('Sessions that one managed OpenCode server runs at once.'),
  OPENCODE_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('Port of the managed OpenCode server; any free one when missing.'),
  ...turnConfig.shape,
});
export type OpencodeGatewayConfig = z.output<typeof opencodeGatewayConfig>;

/** What the composing process decides: where things lie and what the agents may use. */
export interface OpencodeGatewaySetting {
  /** Data directory of the managed server; its sessions live there. */
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

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
