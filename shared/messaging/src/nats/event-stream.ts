import {
  type ConsumerConfig,
  type ConsumerInfo,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { ForbiddenError, UnavailableError } from '@oio/errors';
import { errors, nanos } from 'nats';
import type { Report } from '../operator.ts';
import type { Link } from './link.ts';

/** All events, of all services: their contracts have subjects below `events`. */
export const EVENT_STREAM = 'OIO_EVENTS';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const API_TIMEOUT_MS = 10_000;

/** A day, or a gibibyte: history is in the database, the stream only bridges absences. */
export const RETENTION_MS = 24 * HOUR_MS;

const CONFIG = {
  name: EVENT_STREAM,
  subjects: ['events.>'],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.Old,
  max_age: nanos(RETENTION_MS),
  max_bytes: 1024 ** 3,
  duplicate_window: nanos(2 * MINUTE_MS),
  num_replicas: 1,
} satisfies Partial<StreamConfig> & { name: string };

/** The JetStream stream of the events: made when it is missing, also when it was lost in between. */
export class EventStream {
  readonly #link: Link;
  readonly #report: Report;
  #manager: Promise<JetStreamManager> | null = null;
  #ensuring: Promise<StreamInfo> | null = null;

  constructor(link: Link, report: Report) {
    this.#link = link;
    this.#report = report;
  }

  /**
   * The stream that is there, with its state; when it was `created` is its identity. Throws `UnavailableError` code `no_stream`
   * when there is none and none can be made at the moment, `ForbiddenError` when this user may not.
   */
  ensure(): Promise<StreamInfo> {
    this.#ensuring ??= this.#ensure().finally(() => {
      this.#ensuring = null;
    });
    return this.#ensuring;
  }

  /** Like `ensure`, for whoever publishes: also brings the limits of a stream that an earlier version made up to date. */
  async bringUp(): Promise<void> {
    const { config } = await this.#ensure();
    const differs = (['max_age', 'max_bytes', 'duplicate_window'] as const).some((key) => config[key] !== CONFIG[key]);
    if (!differs) return;
    try {
      await this.#call((manager) => manager.streams.update(EVENT_STREAM, CONFIG));
    } catch (error) {
      // With its old limits it can be used all the same.
      this.#report(error, EVENT_STREAM);
    }
  }

  /** Makes a consumer, or finds the one of that name. Throws as `ensure`. */
  addConsumer(config: Partial<ConsumerConfig>): Promise<ConsumerInfo> {
    return this.#call((manager) => manager.consumers.add(EVENT_STREAM, config));
  }

  #ensure(): Promise<StreamInfo> {
    return this.#call(async (manager) => {
      const found = await manager.streams.info(EVENT_STREAM).catch(nullWhenMissing);
      return found ?? manager.streams.add(CONFIG);
    });
  }

  async #call<T>(ask: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    this.#link.assertUsable();
    try {
      // Without the check: that would ask for figures of the whole account, which is none of the user's business.
      this.#manager ??= jetstreamManager(this.#link.nats, { checkAPI: false, timeout: API_TIMEOUT_MS });
      return await ask(await this.#manager);
    } catch (cause) {
      if (isDenial(cause)) {
        throw new ForbiddenError('NATS does not let this user at the stream of events.', {
          code: 'bus_forbidden',
          cause,
        });
      }
      this.#link.assertUsable();
      throw new UnavailableError('The stream of events cannot be used at the moment.', { code: 'no_stream', cause });
    }
  }
}

function nullWhenMissing(error: unknown): null {
  if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return null;
  throw error;
}

function isDenial(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof errors.PermissionViolationError || isDenial(error.cause);
}
