import { readFileSync } from 'node:fs';
import type { ServiceProcess } from '../fleet/service-process.ts';
import { memoryOf } from '../fleet/process-of-port.ts';
import { StreamReader } from '../load/stream-reader.ts';
import { pause } from '../pause.ts';
import { pendingOrder, pickService, type World } from '../world.ts';
import { CannotRunError, type Effect, type Fault } from './fault.ts';

const MOST_READERS = 500;
/** Fewer would say little of so many. */
const FEWEST_READERS = 60;
/** What the connection of one that does not read holds in the buffers of the system, at most. */
const BUFFERED_MIB = 6;
/** Of a checkpoint: few large ones, because each is a commit, but not so large that the bus would not bring them to the gateway. */
const CHECKPOINT_BYTES = 125_000;
/** The session grows to more than the buffers take. */
const CHECKPOINTS = Math.ceil((1.1 * BUFFERED_MIB * 1_048_576) / CHECKPOINT_BYTES);
const GROWN_WITHIN_MS = 60_000;
/** Where it took longer, the first streams were ended before anybody came back. */
const GROWN_SOON_MS = 20_000;
/** Until a stream has brought the short history that there is, and follows what happens. */
const FOLLOWS_AFTER_MS = 1_500;

/** The gateway closes a stream whose reader takes nothing for so long, and cuts it off when it takes not even the last message. */
const STALL_MS = 15_000;
const LINGER_MS = 1_000;
/** A busy gateway may have filled the buffers only some time after the session has grown. */
const LATE_MS = 5_000;
const READ_WITHIN_MS = 10_000;
const GOES_ON_WITHIN_MS = 30_000;
/** Per reader a checkpoint or two that it was about to get, and what reading the history takes for all of them. */
const GROWTH_MIB = { reader: 0.5, all: 250 } as const;

/** Nobody reads what the gateway writes: it must let go of them, not collect it, and say where each can go on. */
export const slowReaders: Fault = {
  name: 'slow-readers',
  says: 'up to 500 readers of the event stream of a session that grows stop reading; half of them come back late',
  // What the session grows by has to be published, too, and sent to all who read.
  touches: ['http', 'load'],
  async run(world): Promise<Effect> {
    const count = readersThatFit();
    const sessionId = await heldSession(world);
    if (sessionId === null) return { times: 0, note: 'no session could be held' };
    const gateway = pickService(world, 'http-gateway');
    using memory = watchMemory(gateway);
    const readers = await openReaders(world, gateway, { sessionId, count });
    try {
      await pause(FOLLOWS_AFTER_MS);
      const growingSince = performance.now();
      if (!(await grow(world, sessionId))) return { times: 0, note: 'the session did not grow in time' };
      const breaches = await judge(world, gateway, { readers, sessionId, growingSince });
      const grownMiB = Math.round(memory.grown());
      if (grownMiB > GROWTH_MIB.all + count * GROWTH_MIB.reader)
        breaches.push(`the http-gateway grew by ${grownMiB} MiB`);
      const told = readers.filter(({ end }) => end !== null).length;
      return { times: readers.length, note: `${told} told where to go on, ${grownMiB} MiB more`, breaches };
    } finally {
      for (const reader of readers) reader[Symbol.dispose]();
      await world.client.command('stop', sessionId, { reason: 'chaos' });
    }
  },
};

/** As many as take half of what all connections of this machine may hold before the system shortens their buffers. Linux only. */
function readersThatFit(): number {
  const [pages = 0] = readFileSync('/proc/sys/net/ipv4/tcp_mem', 'utf8').split(/\s+/).map(Number);
  const fit = Math.min(MOST_READERS, Math.floor((pages * 4_096) / 2 / (BUFFERED_MIB * 1_048_576)));
  if (fit >= FEWEST_READERS) return fit;
  throw new CannotRunError(`this system has buffers for ${fit} readers, and ${FEWEST_READERS} are needed.`);
}

/** One that is paused, so that it takes checkpoints for as long as that is wanted, whatever becomes of the OpenCode servers. */
async function heldSession(world: World): Promise<string | null> {
  const order = { ...pendingOrder(world), prompt: '[[work ms=5000]] Do it.', start: true };
  const { sessionId } = await world.client.create(order);
  for (let tries = 0; sessionId && tries < 100; tries += 1) {
    const status = await world.client.status(sessionId, 0);
    if (status === 'running' || status === 'degraded') {
      const held = await world.client.command('pause', sessionId);
      return held.outcome === 'accepted' ? sessionId : null;
    }
    await pause(50);
  }
  return null;
}

function watchMemory({ program }: ServiceProcess): Disposable & { readonly grown: () => number } {
  const before = memoryOf(program.pid);
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, memoryOf(program.pid))), 200);
  return { grown: () => most - before, [Symbol.dispose]: () => clearInterval(timer) };
}

async function openReaders(
  { apiKey }: World,
  { apiUrl: url }: ServiceProcess,
  { sessionId, count }: { readonly sessionId: string; readonly count: number },
): Promise<readonly StreamReader[]> {
  const opened = Array.from({ length: count }, () => StreamReader.open({ url, apiKey, sessionId }));
  return (await Promise.all(opened)).filter((reader) => reader !== null);
}

/** Makes so many checkpoints that no buffer holds them all, one after the other. False when that took too long. */
async function grow({ client }: World, sessionId: string): Promise<boolean> {
  const giveUpAt = performance.now() + GROWN_WITHIN_MS;
  const data = 'x'.repeat(CHECKPOINT_BYTES);
  for (let made = 0; made < CHECKPOINTS; made += 1) {
    const { outcome } = await client.command('checkpoint', sessionId, { data });
    if (outcome !== 'accepted' || performance.now() > giveUpAt) return false;
  }
  return true;
}

interface Readers {
  readonly readers: readonly StreamReader[];
  readonly sessionId: string;
  readonly growingSince: number;
}

/** Half of them read again at moments spread over the time in which the streams are ended, the others when they are closed. */
async function judge(world: World, gateway: ServiceProcess, all: Readers): Promise<string[]> {
  const { readers, growingSince } = all;
  const grownAt = performance.now();
  const back = readers.filter((_, index) => index % 2 === 0);
  const deaf = readers.filter((_, index) => index % 2 === 1);
  await comeBack(back, Math.max(grownAt, growingSince + STALL_MS), grownAt + STALL_MS + LINGER_MS);
  const open = await stillOpen(deaf, grownAt + STALL_MS + LINGER_MS + LATE_MS);
  const isAlone = world.isAloneSince(Date.now() - (performance.now() - growingSince));
  const breaches = whatTheySaw(readers, isAlone && grownAt - growingSince < GROWN_SOON_MS);
  // Where other faults take the processor, or the store, the gateway may not even have begun to wait for them.
  if (!isAlone) return breaches;
  if (open > 0) return [...breaches, `${open} of ${deaf.length} streams that nobody read were not closed`];
  return [...breaches, ...(await goingOn(world, gateway, { ...all, readers: deaf }))];
}

/** They have a second to come back in: `isSure` says that it was not too short for all of them. */
function whatTheySaw(readers: readonly StreamReader[], isSure: boolean): string[] {
  const told = readers.flatMap(({ end, last }) => (end ? [{ ...end, last }] : []));
  const wrong = told.find(({ reason, resumeAfter, last }) => reason !== 'slow_reader' || resumeAfter !== last);
  const gap = readers.find((reader) => reader.gap !== null)?.gap;
  return [
    ...(told.length === 0 && isSure ? ['nobody who came back in time was told where to go on'] : []),
    ...(wrong ? [`a reader that had ${wrong.last} was told ${wrong.reason}, to go on after ${wrong.resumeAfter}`] : []),
    ...(gap ? [`in a stream, ${gap}`] : []),
  ];
}

async function comeBack(readers: readonly StreamReader[], from: number, to: number): Promise<void> {
  for (const [index, reader] of readers.entries()) {
    await pause(Math.max(0, from + ((to - from) * index) / readers.length - performance.now()));
    reader.read();
  }
}

/** How many of them the gateway has not cut off by then. */
async function stillOpen(readers: readonly StreamReader[], giveUpAt: number): Promise<number> {
  for (;;) {
    const open = readers.filter(({ isReset }) => !isReset).length;
    if (open === 0 || performance.now() > giveUpAt) return open;
    await pause(500);
  }
}

/** One that was cut off has what had reached it, and goes on behind that. */
async function goingOn(
  world: World,
  { apiUrl: url }: ServiceProcess,
  { readers, sessionId }: Readers,
): Promise<string[]> {
  for (const reader of readers) reader.read();
  await Promise.all(readers.map((reader) => reader.closes(READ_WITHIN_MS)));
  const after = readers.find(({ isClosed }) => isClosed)?.last ?? 0;
  using further = await StreamReader.open({ url, apiKey: world.apiKey, sessionId, after });
  further?.read();
  if (!(await further?.goesOn(GOES_ON_WITHIN_MS))) return [`a stream did not go on after event ${after}`];
  const gap = [...readers, further].find((reader) => reader?.gap)?.gap;
  return gap ? [`in a stream that went on, ${gap}`] : [];
}
