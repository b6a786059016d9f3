import { z } from 'zod';

/** Settings of the opencode-gateway. */
export const opencodeGatewayConfig = z.object({
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
