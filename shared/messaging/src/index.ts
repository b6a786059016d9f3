export type { Bus, Envelope, Handler, Handlers } from './bus.ts';
export { serviceEnvelope } from './envelope.ts';
export { createInProcessBus } from './in-process-bus.ts';
export type { ParkedMessage, Parking } from './parking.ts';
export { createNatsBus, type NatsBus } from './nats/nats-bus.ts';
export { serveAll } from './serve-all.ts';
