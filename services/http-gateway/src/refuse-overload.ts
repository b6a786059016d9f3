import type { ServerResponse } from 'node:http';
import type { Logger } from '@oio/runtime';
import { overloaded } from './order-limit.ts';
import { toProblem } from './problems.ts';

const REPORT_MS = 1_000;

/** Answers requests that were not let in, always the same bytes, and writes one line a second about how many they were. */
export function createOverloadRefusal(logger: Logger): (response: ServerResponse) => void {
  const { status, headers, body } = toProblem(overloaded(), '');
  const json = Buffer.from(JSON.stringify({ ...body, correlationId: undefined }));
  const head = { ...headers, 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' };
  let refused = 0;
  const report = (): void => {
    logger.warn({ refused }, 'requests refused by overload');
    refused = 0;
  };
  return (response) => {
    if (refused === 0) setTimeout(report, REPORT_MS).unref();
    refused += 1;
    response.writeHead(status, { ...head, 'Content-Length': json.byteLength }).end(json);
  };
}
