import type { z } from 'zod';

/** `operator`: for whoever runs the installation; what it shows belongs to any tenant. */
export type Scope = 'public' | 'read' | 'write' | 'operator';

/** One operation of the HTTP API. Handlers, the client and the OpenAPI document derive from it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As OpenAPI writes it: `/v1/sessions/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope;
  /** Of a public route: the scope of those that are told more than others. */
  readonly moreFor?: Exclude<Scope, 'public'>;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** How large the body may be, in bytes; 256 KiB when missing. */
  readonly bodyBytes?: number;
  /** Whether `Idempotency-Key` is honoured. */
  readonly idempotent?: boolean;
  /** Whether `Prefer: wait=<seconds>` (RFC 7240) is honoured: the answer then comes when the session has ended, or in time. */
  readonly waits?: boolean;
  readonly status: number;
  /** Null: no body. A string: a body of that media type. */
  readonly reply: z.ZodType | string | null;
}
