import { SERVICE_KINDS } from '../fleet/service-process.ts';
import { lose, pickService, servicesOf, workerOf } from '../world.ts';
import { failedSince, failuresAlone } from './client-errors.ts';
import type { Fault } from './fault.ts';

const SERVICES = ['actors', 'schedulers', 'gateways', 'http', 'metrics'] as const;
const STOPPED_WITHIN_MS = 25_000;

/** A worker's own end of its life, by the order of whoever runs the containers; nothing may fail by it. */
export const roll: Fault = {
  name: 'roll',
  says: 'stop every service with SIGTERM and start it again, one after the other',
  // Without PostgreSQL or NATS no request succeeds, rolled or not.
  touches: [...SERVICES, 'postgres', 'nats'],
  async run(world) {
    const from = Date.now();
    let slowest = 0;
    for (const service of world.services.filter(({ isServing }) => isServing)) {
      if (service.kind === 'session-actor') lose(world, 'handover', await workerOf(world, service));
      slowest = Math.max(slowest, await service.leave());
      await service.start();
    }
    const failed = failedSince(world, from);
    // Of a single http-gateway nobody is there while it is replaced.
    const isToBlame = servicesOf(world, 'http-gateway').length > 1;
    const breaches = [
      ...(slowest > STOPPED_WITHIN_MS ? [`a service took ${Math.round(slowest)} ms to stop`] : []),
      ...(isToBlame ? failuresAlone(world, failed, from) : []),
    ];
    return {
      times: world.services.length,
      note: `slowest stop ${Math.round(slowest)} ms, ${failed.length} requests failed`,
      breaches,
    };
  },
};

/** What `roll` leaves out, as all requests may fail then: to be told to stop, and to start, while something else is away. */
export const stopService: Fault = {
  name: 'stop-service',
  says: 'stop a service with SIGTERM, whatever is away, and start it again',
  touches: SERVICES,
  async run(world) {
    const service = pickService(world, world.random.pick(SERVICE_KINDS));
    const ms = Math.round(await service.leave());
    await service.start();
    const breaches = ms > STOPPED_WITHIN_MS ? [`${service.name} took ${ms} ms to stop`] : [];
    return { times: 1, note: `${service.name} ${ms} ms`, breaches };
  },
};
