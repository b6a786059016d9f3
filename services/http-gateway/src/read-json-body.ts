import type { IncomingMessage } from 'node:http';
import { InvalidError } from '@oio/errors';

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** The JSON that came with a request; undefined when it has no body at all. Compressed bodies are refused, so that no bomb is ever unpacked. */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const { 'content-length': length, 'transfer-encoding': chunked } = request.headers;
  if (chunked === undefined && (length === undefined || Number(length) === 0)) return undefined;
  assertMediaType(request);
  if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return parseJson(decodeUtf8(await readBytes(request, maxBytes)));
}

function assertMediaType({ headers }: IncomingMessage): void {
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) {
    throw new InvalidError('The body must be JSON in UTF-8: send it with "Content-Type: application/json".', {
      code: 'unsupported_media_type',
    });
  }
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    throw new InvalidError('Compressed bodies are not accepted: send it without Content-Encoding.', {
      code: 'unsupported_media_type',
    });
  }
}

/** By its events: an async iterator over a request costs more than everything else that is done with a small body. */
function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        chunks.length = 0;
        reject(tooLarge(maxBytes));
      } else chunks.push(chunk);
    });
    const broken = (cause?: Error): void =>
      reject(new InvalidError('The body broke off.', { code: 'bad_request', cause }));
    request.once('end', () => {
      request.off('close', broken);
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    });
    request.once('error', broken);
    request.once('close', broken);
  });
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new InvalidError('The body is not valid UTF-8.', { code: 'invalid_utf8', cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidError('The body is not valid JSON.', { code: 'malformed_json', cause: error });
  }
}

function tooLarge(maxBytes: number): InvalidError {
  return new InvalidError(`The body must be at most ${maxBytes / 1_024} KiB.`, { code: 'body_too_large' });
}
