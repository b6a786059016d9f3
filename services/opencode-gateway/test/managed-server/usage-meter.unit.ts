import test from 'ava';
import { UsageMeter } from '../../src/managed-server/usage-meter.ts';

const MEBIBYTE = 2 ** 20;

/** A meter of a server that takes what the test says. */
function measure() {
  const state = { memoryBytes: 300 * MEBIBYTE, databaseBytes: 5, cpuSeconds: 10 };
  const meter = new UsageMeter({ usage: async () => ({ ...state }), diskBytes: async () => 7 * MEBIBYTE });
  return { state, meter };
}

test('CPU is told as the share of a core from one look to the next, and the disk once it is counted', async (t) => {
  const { state, meter } = measure();
  t.like(await meter.look(0), { cpuPercent: null, diskBytes: null, memoryBytes: state.memoryBytes });
  state.cpuSeconds += 1.5;
  t.like(await meter.look(3_000), { cpuPercent: 50, diskBytes: 7 * MEBIBYTE });
  state.cpuSeconds -= 5;
  t.like(await meter.look(6_000), { cpuPercent: 0 }, 'never negative');
});

test('a session that is alone on its server took what the server took meanwhile', async (t) => {
  const { state, meter } = measure();
  await meter.look(0);
  meter.noteAlone('one', 1_000);
  state.cpuSeconds += 2;
  state.memoryBytes = 900 * MEBIBYTE;
  await meter.look(3_000);
  state.memoryBytes = 400 * MEBIBYTE;
  await meter.look(4_000);
  t.deepEqual(meter.tookAlone('one', 5_000), { cpuPercent: 50, memoryMb: 900, diskMb: 7 });
});

test('of a session that shared its server, or was not seen alone, nothing is known', async (t) => {
  const { meter } = measure();
  await meter.look(0);
  meter.noteAlone('one', 1_000);
  t.is(meter.tookAlone('one', 2_000), null, 'no look since');
  await meter.look(3_000);
  t.is(meter.tookAlone('two', 4_000), null);
  meter.noteAlone(null, 4_000);
  t.is(meter.tookAlone('one', 5_000), null, 'another one came');
});
