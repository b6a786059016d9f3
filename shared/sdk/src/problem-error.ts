import { type Problem, problem } from '@oio/contracts';
import { type ErrorKind, fromWireError } from '@oio/errors';

/** The error that an answer tells of, as a value of the class that was thrown on the server. */
export function errorOf(status: number, body: string, retryAfter: string | undefined): Error {
  const kind = KIND_OF[status] ?? (status >= 500 ? 'internal' : 'invalid');
  const retryAfterMs = /^\d+$/.test(retryAfter ?? '') ? { retryAfterMs: Number(retryAfter) * 1_000 } : {};
  const { code, detail, violations, facts } = problemIn(body) ?? {
    code: `http_${status}`,
    detail: `The server answered ${status} without saying why.`,
  };
  return fromWireError({
    kind,
    code,
    message: detail,
    ...(violations && { violations }),
    ...(facts && { facts }),
    ...retryAfterMs,
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

function problemIn(body: string): Pick<Problem, 'code' | 'detail' | 'violations' | 'facts'> | undefined {
  try {
    return problem.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
