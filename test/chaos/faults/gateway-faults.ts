import { memoryOf, processOfPort } from '../fleet/process-of-port.ts';
import { pause } from '../pause.ts';
import { lasting, pickService, servicesOf, type World } from '../world.ts';
import type { Effect, Fault } from './fault.ts';
import { stillBusy, workAt } from './interrupted-turns.ts';

const STRIKES_WITHIN_MS = 10_000;
/** More than that and a hostile server has filled the memory of a gateway. */
const GROWTH_MIB = 300;

export const killGateway: Fault = {
  name: 'kill-gateway',
  says: 'SIGKILL the opencode-gateway that has just sent a prompt, before the answer comes',
  touches: ['gateways'],
  async run(world) {
    const gateways = servicesOf(world, 'opencode-gateway');
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const moment = world.random.pick(['during', 'after'] as const);
    const strike = (clientPort: number): void => {
      const pid = processOfPort(
        clientPort,
        gateways.map(({ program }) => program.pid),
      );
      const sender = gateways.find(({ program }) => program.pid === pid);
      void sender?.program.kill();
      resolve(sender !== undefined);
    };
    const callOffs = world.opencode.map(({ link }) => link.trip('/prompt_async', moment, strike));
    const struck = await Promise.race([promise, pause(STRIKES_WITHIN_MS).then(() => false)]);
    for (const callOff of callOffs) callOff();
    if (!struck) await pickService(world, 'opencode-gateway').program.kill();
    await pause(world.random.int(500, 3_000));
    for (const gateway of gateways) if (!gateway.program.isRunning) await gateway.start();
    return { times: 1, note: struck ? moment : 'idle' };
  },
};

export const cutOpencode: Fault = {
  name: 'cut-opencode',
  says: 'reset the connection to an OpenCode server just before a prompt, just after it was sent, and when its answer comes',
  touches: ['opencode'],
  async run(world) {
    let times = 0;
    const endsAt = performance.now() + lasting(world, 20, 0.25);
    while (performance.now() < endsAt && !world.signal.aborted) {
      const moment = world.random.pick(['before', 'during', 'after'] as const);
      const callOffs = world.opencode.map(({ link }) => link.trip('/prompt_async', moment, () => void (times += 1)));
      await pause(world.random.int(100, 600));
      for (const callOff of callOffs) callOff();
    }
    return { times };
  },
};

export const killOpencode: Fault = {
  name: 'kill-opencode',
  says: 'SIGKILL an OpenCode server in mid-turn and start it again on the same data',
  touches: ['opencode'],
  async run(world) {
    const server = world.random.pick(world.opencode);
    const [from, turns] = [Date.now(), await workAt(world, server)];
    await server.program.kill();
    await pause(lasting(world, 10, 0.05));
    await server.program.start();
    // From its return on: a start may take long on a busy machine.
    const breaches = await stillBusy(world, turns, { from, since: Date.now() });
    return { times: 1, note: `${turns.length} turns`, breaches };
  },
};

export const silenceEvents: Fault = {
  name: 'silence-events',
  says: 'the event stream of an OpenCode server falls silent, or is cut again and again',
  touches: ['opencode'],
  async run(world) {
    const server = world.random.pick(world.opencode);
    const kind = world.random.pick(['silent_events', 'cut_events']);
    await server.setFaults({ kind });
    const [from, turns] = [Date.now(), await workAt(world, server)];
    await pause(lasting(world, 40, 0.2), world.signal);
    // Until then: events that come again would tell what the silence kept back.
    const breaches = await stillBusy(world, turns, { from, since: from });
    await server.setFaults();
    return { times: 1, note: `${kind}, ${turns.length} turns`, breaches };
  },
};

const HOSTILE = [
  'slow_byte',
  'empty_200',
  'endless_body',
  'html',
  'wrong_json',
  'broken_json',
  'storm_500',
  'rate_limited',
  'hang',
  'drop',
];

/** A server that failed too often is left alone for a minute, and where it is the only one everybody waits for it. */
const LEFT_ALONE_MS = 60_000;

export const hostileOpencode: Fault = {
  name: 'hostile-opencode',
  aftermathMs: LEFT_ALONE_MS,
  says: 'an OpenCode server answers slowly, emptily, endlessly, with HTML, wrong JSON, 500, 429, or not at all',
  touches: ['opencode'],
  async run(world): Promise<Effect> {
    const server = world.random.pick(world.opencode);
    const before = memoryOfGateways(world);
    const kinds = world.random.shuffled(HOSTILE);
    const eachMs = lasting(world, 60, 0.2) / kinds.length;
    let peak = before;
    for (const kind of kinds) {
      await server.setFaults({ kind, share: 0.4, when: world.random.pick(['before', 'after']), retryAfterSeconds: 1 });
      await pause(eachMs, world.signal);
      peak = Math.max(peak, memoryOfGateways(world));
    }
    await server.setFaults();
    const grown = Math.round(peak - before);
    const breaches = grown > GROWTH_MIB ? [`the gateways grew by ${grown} MiB`] : [];
    return { times: kinds.length, note: `${grown} MiB more`, breaches };
  },
};

function memoryOfGateways(world: World): number {
  return Math.max(...servicesOf(world, 'opencode-gateway').map(({ program }) => memoryOf(program.pid)));
}

export const freezeGateway: Fault = {
  name: 'freeze-gateway',
  says: 'SIGSTOP an opencode-gateway until another one has taken its attempts, SIGCONT',
  touches: ['gateways'],
  async run(world) {
    const gateway = pickService(world, 'opencode-gateway');
    gateway.program.freeze();
    await pause(lasting(world, 35, 0.2));
    gateway.program.thaw();
    await pause(1_000);
    return { times: 1 };
  },
};
