import test from 'ava';
import { inPlace } from '../../faults/in-place.ts';
import { proveKills } from './prove-kills.ts';

// A hundred of them, and how long it takes until the turns go on: `npm run -s proofs -- kills`, docs/proofs.md.
test('turns on the real server survive the kill of their gateway and of their server, and do nothing twice', async (t) => {
  t.timeout(400_000);
  const say = (line: string): void => t.log(line);
  const { ok, lines, figures } = await inPlace((place) => proveKills({ ...place, seed: 1, times: 4, say }));
  t.true(ok, lines.join('\n'));
  t.deepEqual(figures['kills'], { gateway: 2, server: 2 });
});
