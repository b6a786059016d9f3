import {
  type AttemptOrder,
  abortAttempt,
  executeAttempt,
  FIRST_ORDER,
  ORDERS_PER_EPOCH,
  type PayloadOf,
  type ReplyOf,
  type SessionCommandName,
  type SessionCommandPayload,
  type StopProof,
  sessionCommands,
} from '@oio/contracts';
import { AppError } from '@oio/errors';
import { type Bus, type Handlers, serveAll, serviceEnvelope } from '@oio/messaging';
import type { Database } from '@oio/persistence';
import { newId, newMessageId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import { FakeApprovals } from './fake-approvals.ts';

interface Report {
  readonly name: SessionCommandName;
  readonly commandId: string;
  readonly payload: unknown;
}

interface OrderOptions {
  readonly epoch?: number;
  readonly number?: number;
  readonly limits?: AttemptOrder['limits'];
  readonly forkedFrom?: AttemptOrder['forkedFrom'];
}

/** One session and its owner, who orders its attempt and writes down what is reported. */
export class FakeOwner implements AsyncDisposable {
  readonly sessionId = newId();
  readonly messageId = newMessageId();
  /** The rules of its session. */
  permissions: AttemptOrder['permissions'] = [];
  readonly approvals: FakeApprovals;
  readonly reports: Report[] = [];
  /** Runs before a report is answered. */
  onReport: (name: SessionCommandName) => Promise<void> = async () => {};
  readonly #bus: Bus;
  readonly #database: Database;
  readonly #place: AttemptOrder['place'];
  #openCodeSessionId: string | null = null;
  #isUnconfirmed = false;
  #unserve: () => Promise<void> = async () => {};

  constructor(parts: { readonly bus: Bus; readonly database: Database; readonly place: AttemptOrder['place'] }) {
    this.#bus = parts.bus;
    this.#database = parts.database;
    this.#place = parts.place;
    this.approvals = new FakeApprovals(parts.database, this.sessionId);
  }

  get directory(): string {
    return this.#place.directory;
  }

  async begin(): Promise<void> {
    await this.#database.query(INSERT, [this.sessionId, JSON.stringify(this.#state())]);
    const names = Object.keys(sessionCommands) as SessionCommandName[];
    const handlers = Object.fromEntries(
      names.map((name) => [
        name,
        async ({ payload, envelope }: { payload: unknown; envelope: { id: string } }) => {
          return this.#take({ name, payload, commandId: envelope.id });
        },
      ]),
    );
    this.#unserve = await serveAll(this.#bus, sessionCommands, handlers as unknown as Handlers<typeof sessionCommands>);
  }

  /** The session has another owner from now on, who has not ordered anything yet. */
  async raiseEpoch(epoch: number): Promise<void> {
    await this.#database.query('update sessions set owner_epoch = $2 where id = $1::uuid', [this.sessionId, epoch]);
  }

  order(
    serverId: string,
    prompt: string,
    { epoch = 1, number = FIRST_ORDER, limits = null, forkedFrom }: OrderOptions = {},
  ): Promise<ReplyOf<typeof executeAttempt>> {
    const order: PayloadOf<typeof executeAttempt> = {
      sessionId: this.sessionId,
      tenant: 'acme',
      token: '1.1',
      owner: 'fake-owner',
      epoch,
      fence: epoch * ORDERS_PER_EPOCH + number,
      attempt: 1,
      run: 1,
      serverId,
      messageId: this.messageId,
      title: 'A session',
      type: 'execution',
      prompt,
      agent: null,
      agentConfig: {},
      model: null,
      permissions: this.permissions,
      place: this.#place,
      prepared: this.#openCodeSessionId !== null,
      lastStepId: null,
      counted: {},
      limits,
      resume: null,
      ...(forkedFrom && { forkedFrom }),
      previousFailure: null,
    };
    const envelope = { ...serviceEnvelope('session-actor', { tenant: 'acme' }), sessionId: this.sessionId };
    return this.#taken(() => this.#bus.request(executeAttempt, order, envelope, { to: `server.${serverId}` }));
  }

  /** A gateway that has just started may not have reached its server yet. */
  async #taken<T>(ask: () => Promise<T>): Promise<T> {
    const outcome = await eventually(
      () =>
        ask().then(
          (reply) => ({ reply }),
          (error: unknown) => (isWithoutResponders(error) ? null : { error }),
        ),
      { what: 'a gateway that takes the order' },
    );
    if ('error' in outcome) throw outcome.error;
    return outcome.reply;
  }

  /** Somebody stops the session; who works on it is not told. */
  async stop(serverId: string): Promise<void> {
    const stop = `update sessions set status = 'stopped', server_id = $2, updated_at = now() - interval '1 minute' where id = $1::uuid`;
    await this.#database.query(stop, [this.sessionId, serverId]);
  }

  /** Has the run ended by whoever works on it. */
  abort(serverId: string): Promise<ReplyOf<typeof abortAttempt>> {
    const order = { sessionId: this.sessionId, token: '1.1', epoch: 1, fence: ORDERS_PER_EPOCH + FIRST_ORDER };
    const envelope = { ...serviceEnvelope('session-actor', { tenant: 'acme' }), sessionId: this.sessionId };
    return this.#bus.request(abortAttempt, order, envelope, { to: `server.${serverId}` });
  }

  /** That nothing works any more of a run that was to be ended. */
  async proof(): Promise<StopProof> {
    const closed = await eventually(() => this.reported('report-closed').at(0), {
      what: 'the proof',
      withinMs: 90_000,
    });
    return (closed.payload as { stop: StopProof }).stop;
  }

  /** The different reports of that name; a repetition counts once. */
  reported(name: SessionCommandName): readonly Report[] {
    const all = this.reports.filter((report) => report.name === name);
    return [...new Map(all.map((report) => [report.commandId, report])).values()];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#unserve();
  }

  async #take(report: Report) {
    if (report.name === 'report-prepared') {
      const { resume } = report.payload as { resume: { openCodeSessionId: string } };
      this.#openCodeSessionId = resume.openCodeSessionId;
      await this.#store();
    }
    if (report.name === 'report-unconfirmed') {
      this.#isUnconfirmed = true;
      await this.#store();
    }
    if (report.name === 'report-closed') {
      await this.#database.query('update sessions set attempt_open = false where id = $1::uuid', [this.sessionId]);
    }
    if (!this.reports.some(({ commandId }) => commandId === report.commandId)) await this.#record(report);
    this.reports.push(report);
    await this.onReport(report.name);
    return {
      sessionId: this.sessionId,
      version: 1,
      status: 'running' as const,
      outcome: 'applied' as const,
      session: null,
    };
  }

  async #store(): Promise<void> {
    const values = [this.sessionId, JSON.stringify(this.#state())];
    await this.#database.query('update sessions set state = $2 where id = $1::uuid', values);
  }

  async #record({ name, payload }: Report): Promise<void> {
    if (name === 'report-approval') await this.approvals.enter(payload as SessionCommandPayload<'report-approval'>);
    if (name === 'report-approval-gone')
      await this.approvals.withdraw((payload as SessionCommandPayload<'report-approval-gone'>).requestId);
  }

  #state() {
    const { messageId } = this;
    const attempt = { number: 1, run: 1, messageId, openCodeSessionId: this.#openCodeSessionId };
    const workspace = { path: this.#place.directory };
    return { attempt: { ...attempt, stop: this.#isUnconfirmed ? { failure: {} } : null }, workspace };
  }
}

function isWithoutResponders(error: unknown): boolean {
  return error instanceof AppError && error.code === 'no_responders';
}

const INSERT = `
insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner_epoch, version, attempt_open, state, created_at, updated_at)
values ($1::uuid, 'acme', 'running', 2, '{}', '/', 'in_place', 1, 1, true, $2, now(), now())`;
