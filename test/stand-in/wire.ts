/** What OpenCode stores and answers, as far as anybody reads it. */
export interface Session {
  readonly id: string;
  readonly title: string;
  readonly directory: string;
  readonly projectID: string;
  readonly version: string;
  readonly parentID?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly permission?: readonly unknown[];
  readonly time: { readonly created: number; readonly updated: number };
}

export interface Message {
  info: UserInfo | AssistantInfo;
  parts: Part[];
}

interface Info {
  readonly id: string;
  readonly sessionID: string;
  readonly agent: string;
}

export interface UserInfo extends Info {
  readonly role: 'user';
  readonly model: ModelRef;
  readonly time: { readonly created: number };
}

export interface AssistantInfo extends Info, Usage {
  readonly role: 'assistant';
  readonly parentID: string;
  readonly providerID: string;
  readonly modelID: string;
  readonly mode: string;
  readonly path: { readonly cwd: string; readonly root: string };
  readonly time: { readonly created: number; readonly completed?: number };
  readonly finish?: string;
  /** It only sums up what was compacted. */
  readonly summary?: boolean;
  readonly error?: WireError;
}

export interface Part {
  readonly id: string;
  readonly sessionID: string;
  readonly messageID: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface ModelRef {
  readonly providerID: string;
  readonly modelID: string;
}

export interface Usage {
  readonly cost: number;
  readonly tokens: {
    readonly input: number;
    readonly output: number;
    readonly reasoning: number;
    readonly cache: { readonly read: number; readonly write: number };
  };
}

export interface WireError {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type Status =
  | { readonly type: 'busy' }
  | { readonly type: 'retry'; readonly attempt: number; readonly message: string; readonly next: number };

export const NO_USAGE: Usage = { cost: 0, tokens: { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } } };
