import type { ModelRef } from '../agent-server/sessions.ts';
import { AGENTS, UNATTENDED } from './agents.ts';

export interface OpenCodeConfigOptions {
  /** OpenCode's own `provider` section: what is known of providers beyond those that it brings along. */
  readonly providers?: Readonly<Record<string, unknown>>;
  /** The model of prompts that name none. */
  readonly model?: ModelRef | null;
}

/**
 * The whole configuration of a managed server: our agents, and permissions with which an unattended turn never waits for
 * somebody. It is the only one that the server sees; a repository's own is ignored.
 */
export function openCodeConfig({ providers, model }: OpenCodeConfigOptions): Readonly<Record<string, unknown>> {
  return {
    autoupdate: false,
    // Files are kept as commits of ours; OpenCode's snapshots beside them would double the time of a turn
    // (docs/decisions/0033-opencode-keeps-no-snapshots.md).
    snapshot: false,
    share: 'disabled',
    default_agent: 'industrial-coder',
    permission: { ...UNATTENDED, edit: 'allow', bash: 'allow', webfetch: 'allow' },
    agent: AGENTS,
    ...(providers && { provider: providers }),
    ...(model && { model: modelName(model), small_model: modelName(model) }),
  };
}

function modelName({ providerId, modelId }: ModelRef): string {
  return `${providerId}/${modelId}`;
}
