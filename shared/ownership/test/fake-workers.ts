import { type CommandReply, sessionCommands } from '@oio/contracts';
import { type Bus, createInProcessBus, type Envelope, serviceEnvelope } from '@oio/messaging';
import { createInProcessOwnerDirectory } from '../src/in-process-owner-directory.ts';
import type { OwnerDirectory } from '../src/owner-directory.ts';
import {
  createSessionRouter,
  type RouterOptions,
  type SessionEnvelope,
  type SessionRouter,
  workerAddress,
} from '../src/session-router.ts';

/** What a fake worker does with a command: returns, or throws what a real one would. */
type Conduct = () => void | Promise<void>;

/** A bus with workers that do as they are told, and a router in front of them. */
export class FakeWorkers implements AsyncDisposable {
  readonly bus: Bus = createInProcessBus();
  readonly directory: OwnerDirectory = createInProcessOwnerDirectory();
  readonly router: SessionRouter;
  /** Who was asked, in order: a worker's name, or `any` for the queue group. */
  readonly asked: string[] = [];
  readonly envelopes: Envelope[] = [];
  lookUps = 0;

  constructor(options: RouterOptions = {}) {
    const counting: OwnerDirectory = {
      ...this.directory,
      ownerOf: (sessionId) => {
        this.lookUps += 1;
        return this.directory.ownerOf(sessionId);
      },
    };
    this.router = createSessionRouter(this.bus, counting, options);
  }

  /** A worker that is entered as the owner of the session; returns what makes it vanish. */
  async own(sessionId: string, worker: string, conduct: Conduct = () => {}): Promise<() => Promise<void>> {
    await this.directory.renew(worker, 60_000);
    await this.directory.claim(sessionId, worker);
    return this.serve(worker, conduct);
  }

  /** Serves `pause` and `create` at the worker's address, or in the queue group when the name is `any`. */
  async serve(worker: string, conduct: Conduct = () => {}): Promise<() => Promise<void>> {
    const options = worker === 'any' ? {} : { at: workerAddress(worker) };
    const ends = await Promise.all(
      (['pause', 'create'] as const).map((name) =>
        this.bus.serve(
          sessionCommands[name],
          async ({ envelope }): Promise<CommandReply> => {
            this.asked.push(worker);
            this.envelopes.push(envelope);
            await conduct();
            return replyFor(envelope);
          },
          options,
        ),
      ),
    );
    return async () => {
      await Promise.all(ends.map((end) => end()));
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bus[Symbol.asyncDispose]();
    await this.directory[Symbol.asyncDispose]();
  }
}

/** Where a worker hangs until the end of the test. */
export class Hang implements Disposable {
  readonly #end = Promise.withResolvers<void>();

  pass(): Promise<void> {
    return this.#end.promise;
  }

  [Symbol.dispose](): void {
    this.#end.resolve();
  }
}

export function envelopeOf(sessionId: string): SessionEnvelope {
  return { ...serviceEnvelope('test', { tenant: 'acme' }), sessionId };
}

function replyFor({ sessionId }: Envelope): CommandReply {
  return { sessionId: sessionId ?? '', version: 2, status: 'paused', outcome: 'applied', session: null };
}
