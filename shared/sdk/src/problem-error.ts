import { type Problem, problem } from '@oio/contracts';
import { type ErrorKind, fromWireError } from '@oio/errors';

/** The error that an answer tells of, as a value of the class that was thrown on the server. */
export function errorOf(status: number, body: string, retryAfter: string | undefined): Error {
  const told = problemIn(body);
  const retryAfterMs = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : undefined;
  return fromWireError({
    kind: KIND_OF[status] ?? (status >= 500 ? 'internal' : 'invalid'),
    code: told?.code ?? `http_${status}`,
    message: told?.detail ?? `The server answered ${status} without saying why.`,
    ...(told?.violations && { violations: told.violations }),
    ...(told?.facts && { facts: told.facts }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

const KIND_OF: Readonly<Record<number, ErrorKind>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  412: 'conflict',
  429: 'unavailable',
  502: 'unavailable',
  503: 'unavailable',
  504: 'timeout',
};

function problemIn(body: string): Problem | undefined {
  try {
    return problem.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
