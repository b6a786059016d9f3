/** A session and its directory. OpenCode keeps one instance per directory and wants to be told which one is meant. */
export interface SessionRef {
  readonly sessionId: string;
  readonly directory: string;
}

export interface NewSession {
  /** Absolute and existing: OpenCode itself accepts anything. */
  readonly directory: string;
  /** With a title OpenCode makes no model call of its own to invent one. */
  readonly title: string;
  /** Stored and returned by OpenCode: the place for our own ids. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly parentId?: string;
  /** The last rule that matches decides. */
  readonly permissions?: readonly PermissionRule[];
}

export interface PermissionRule {
  readonly permission: string;
  readonly pattern: string;
  readonly action: 'allow' | 'ask' | 'deny';
}

export interface AgentSession {
  readonly id: string;
  readonly title: string;
  readonly directory: string;
  readonly parentId: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAtMs: number;
}

export interface ModelRef {
  readonly providerId: string;
  readonly modelId: string;
}

export interface Prompt extends SessionRef {
  /**
   * Ours, from `newMessageId`; unique over all sessions of a server. OpenCode compares ids to see which message is newer,
   * so the clock behind it must not run ahead of the server's: such a prompt would be answered again and again.
   */
  readonly messageId: string;
  readonly agent: string;
  /** Always said: a session remembers the last one, also a bad one. */
  readonly model: ModelRef;
  /** Instructions beside the agent's own. */
  readonly system?: string;
  /** Tools switched on or off for this prompt. */
  readonly tools?: Readonly<Record<string, boolean>>;
  readonly text: string;
}
