import { newId } from '@oio/runtime';
import test from 'ava';
import { createPostgresIdempotencyKeys } from '../../src/adapters/postgres-idempotency-keys.ts';
import { withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);
const request = (requestHash = 'a') => ({ requestHash, sessionId: newId(), commandId: newId() });

test('keys that come in the same moment share a statement; each stands for its own request', async (t) => {
  let statements = 0;
  const query = (...input: Parameters<ReturnType<typeof database>['query']>) => {
    statements += 1;
    return database().query(...input);
  };
  const keys = createPostgresIdempotencyKeys({ ...database(), query: query as never });
  const requests = Array.from({ length: 50 }, () => request());
  const claims = await Promise.all(requests.map((one, index) => keys.claim('acme', `batch-${index}`, one)));
  t.is(statements, 1);
  t.deepEqual(
    claims,
    requests.map((one) => ({ ...one, known: false, refused: false })),
  );
  t.deepEqual(await keys.claim('acme', 'batch-7', request('b')), {
    ...requests[7],
    known: true,
    refused: false,
  } as object);
});

test('of requests with one key in the same moment one is the first, and all others learn what it stands for', async (t) => {
  const keys = createPostgresIdempotencyKeys(database());
  const key = newId();
  const claims = await Promise.all(Array.from({ length: 20 }, () => keys.claim('acme', key, request())));
  t.is(claims.filter(({ known }) => !known).length, 1);
  t.is(new Set(claims.map(({ commandId }) => commandId)).size, 1);
});

test('the same key of two tenants in the same moment is two keys', async (t) => {
  const keys = createPostgresIdempotencyKeys(database());
  const key = newId();
  const [mine, theirs] = await Promise.all(['acme', 'globex'].map((tenant) => keys.claim(tenant, key, request())));
  t.false(mine?.known);
  t.false(theirs?.known);
});

test('gateways that claim the same keys in different orders do not block each other, and agree', async (t) => {
  const gateways = [database(), database()].map((one) => createPostgresIdempotencyKeys(one));
  const names = Array.from({ length: 40 }, (_, index) => `shared-${index}`);
  const rounds = await Promise.all(
    gateways.map((keys, index) =>
      Promise.all(
        (index === 0 ? names : names.toReversed()).map(async (key) => ({
          key,
          ...(await keys.claim('acme', key, request())),
        })),
      ),
    ),
  );
  for (const name of names) {
    const same = rounds.flat().filter(({ key }) => key === name);
    t.is(new Set(same.map(({ commandId }) => commandId)).size, 1);
    t.is(same.filter(({ known }) => !known).length, 1);
  }
});
