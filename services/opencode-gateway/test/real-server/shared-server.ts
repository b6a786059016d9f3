import anyTest, { type TestFn } from 'ava';
import { startObedientModel } from '../support/obedient-model.ts';
import { makePlace, optionsFor, startRealServer } from '../support/real-server.ts';

/** Its tests find the real server in their context: starting one, and opening the directory on it, is what takes the time. */
export const test = anyTest as TestFn<SharedServer>;

export type SharedServer = Awaited<ReturnType<typeof begin>>;

test.before(async (t) => {
  t.context = await begin();
});

test.after.always((t) => t.context[Symbol.asyncDispose]());

async function begin() {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makePlace());
  const model = stack.use(await startObedientModel());
  const { agent, server } = stack.use(await startRealServer(optionsFor(model, place.data)));
  const owned = stack.move();
  const { id, url, password } = server;
  return {
    agent,
    model,
    directory: place.repository,
    /** As a gateway is told of it. */
    server: { id, url, password },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
