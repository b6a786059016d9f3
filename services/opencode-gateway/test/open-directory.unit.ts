import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createDirectoryOpener } from '../src/open-directory.ts';
import { createServerLink } from '../src/server-link.ts';
import { createNullAgentServer } from '../src/testing/null-agent-server.ts';
import { createKeyedMutex } from '../src/keyed-mutex.ts';

test('two gateways open the directories of a server one at a time, and each only once until it is started anew', async (t) => {
  const opening: (() => void)[] = [];
  const opened: string[] = [];
  const agent = {
    ...createNullAgentServer(),
    async activities(directory: string) {
      opened.push(directory);
      await new Promise<void>((resolve) => void opening.push(resolve));
      return new Map();
    },
  };
  const mutex = createKeyedMutex();
  const links = [createServerLink('one'), createServerLink('one')];
  for (const link of links) link.set(agent, { restarted: false });
  const [first = t.fail, second = t.fail] = links.map((link) => createDirectoryOpener(link, mutex));

  const done = Promise.all([first('/a'), first('/a'), first('/b'), second('/c')]);
  for (let count = 1; count <= 3; count += 1) {
    await eventually(() => opened.length === count);
    t.is(opening.length, count, 'the next one waits');
    opening[count - 1]?.();
  }
  await done;
  await first('/a');
  t.deepEqual(opened.toSorted(), ['/a', '/b', '/c']);

  links[0]?.set(agent, { restarted: true });
  const again = first('/a');
  await eventually(() => opened.length === 4);
  opening[3]?.();
  await again;
});
