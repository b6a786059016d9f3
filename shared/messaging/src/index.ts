export type {
  Bus,
  Envelope,
  Handler,
  Handlers,
  Received,
  RequestOptions,
  ServeOptions,
  SubscribeOptions,
  Unsubscribe,
} from './bus.ts';
export { serviceEnvelope } from './envelope.ts';
export { createInProcessBus } from './in-process-bus.ts';
export { serveAll } from './serve-all.ts';
export { subjectFor } from './subject.ts';
