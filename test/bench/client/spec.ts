/** What a load client is told to do, as one JSON argument. */
export interface ClientSpec {
  readonly workload: 'w1' | 'w2';
  readonly url: string;
  readonly apiKey: string;
  readonly clients: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** For W1: a directory for each client. */
  readonly directories: readonly string[];
  /** For W2: the sessions that are live. */
  readonly sessionIds: readonly string[];
}

/** What a load client says, one JSON line each. */
export type ClientMessage =
  | { readonly type: 'start' }
  | { readonly type: 'progress'; readonly done: number; readonly errors: number }
  | {
      readonly type: 'end';
      readonly tookMs: number;
      /** What the client itself used meanwhile. */
      readonly cpuSeconds: number;
      readonly ops: number;
      readonly errors: number;
      readonly firstError: string | null;
      readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number };
    };
