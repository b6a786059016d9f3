import { answerPrompt, type TurnWorld } from './answer-prompt.ts';
import { sumUp } from './compaction.ts';
import { type Work, workOf } from './directive.ts';
import type { EventHub } from './event-hub.ts';
import { newId } from './new-id.ts';
import { pause } from './pause.ts';
import type { RequestsForPeople } from './requests-for-people.ts';
import type { Store } from './store.ts';
import type { Message, ModelRef, Part, Session, Status, UserInfo } from './wire.ts';

/** A prompt as it is posted. */
export interface PromptBody {
  readonly messageID?: string;
  readonly agent?: string;
  readonly model?: ModelRef;
  readonly parts: readonly Readonly<Record<string, unknown>>[];
}

export interface TurnsParts {
  readonly store: Store;
  readonly hub: EventHub;
  readonly people: RequestsForPeople;
  readonly agents: readonly string[];
  readonly model: ModelRef;
  /** The directive of prompts that have none, without its brackets; empty without one. */
  readonly always: string;
}

/** How long a summary takes. */
const SUM_UP_MS = 200;

/** After these another model call follows. */
const UNFINISHED: ReadonlySet<string> = new Set(['tool-calls', 'unknown']);

/** A model that is offered and not there. */
const NOWHERE: ModelRef = { providerID: 'stand-in', modelID: 'gone' };

interface Run {
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** The runs of all sessions, at most one of each; in memory only, so that a killed server has none. */
export class Turns {
  readonly #parts: TurnsParts;
  readonly #runs = new Map<string, Run>();
  readonly #statuses = new Map<string, Status>();
  /** The most turns that were under way at one time. */
  mostAtOnce = 0;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
  }

  get running(): number {
    return this.#runs.size;
  }

  /** What comes after the 204: an unknown agent is told by an event alone, and nothing is stored. */
  submit(session: Session, posted: PromptBody): void {
    const body = { ...posted, parts: [...posted.parts, ...this.#directiveFor(posted)] };
    const { ignored, late } = body.parts.length > 0 ? workIn(body.parts) : this.#storedWork(session);
    if (ignored === 'agent' || (body.agent !== undefined && !this.#parts.agents.includes(body.agent))) {
      this.#errorTwice(session, `Agent not found: "${body.agent}".`);
      return;
    }
    if (ignored === 'lost') return;
    this.#store(session, body);
    if (ignored === 'asleep') return;
    const start = (): void => {
      if (!this.#runs.has(session.id)) this.#start(session, ignored === 'model' ? NOWHERE : body.model);
    };
    if (late > 0) setTimeout(start, late);
    else start();
  }

  #directiveFor({ parts }: PromptBody): PromptBody['parts'] {
    const { always } = this.#parts;
    const has = parts.some(({ text }) => typeof text === 'string' && text.includes('[['));
    return always === '' || parts.length === 0 || has ? [] : [{ type: 'text', text: `[[work ${always}]]` }];
  }

  /** A resume says nothing: it is the stored prompt that is run. */
  #storedWork(session: Session): Work {
    const stored = this.#parts.store.messagesOf(session.id).findLast(({ info }) => info.role === 'user');
    return workIn(stored?.parts ?? []);
  }

  /** Resolves once the session is idle, also when it was. */
  async abort(sessionId: string): Promise<void> {
    const run = this.#runs.get(sessionId);
    run?.abort.abort();
    await run?.ended;
  }

  async whenIdle(sessionId: string): Promise<void> {
    await this.#runs.get(sessionId)?.ended;
  }

  /** Only those that are not idle. */
  statuses(directory: string): Record<string, Status> {
    const here = [...this.#statuses].filter(([id]) => this.#parts.store.sessions.get(id)?.directory === directory);
    return Object.fromEntries(here);
  }

  stop(): void {
    for (const { abort } of this.#runs.values()) abort.abort();
  }

  /** Ids are global: under one that is known the parts are appended there, in whatever session that is. */
  #store(session: Session, body: PromptBody): void {
    const { store, hub } = this.#parts;
    const known = body.messageID === undefined ? null : store.message(body.messageID);
    const info = known?.info.role === 'user' ? bumped(known.info) : this.#newPrompt(session, body);
    const own = { sessionID: info.sessionID, messageID: info.id };
    const added = body.parts.map((part): Part => ({ type: 'text', ...part, id: newId('prt'), ...own }));
    store.putMessage({ info, parts: [...(known?.parts ?? []), ...added] });
    hub.publish(session.directory, 'message.updated', { info });
    for (const part of added) hub.publish(session.directory, 'message.part.updated', { part });
  }

  #newPrompt(session: Session, { messageID = newId('msg'), agent, model }: PromptBody): UserInfo {
    return {
      id: messageID,
      sessionID: session.id,
      role: 'user',
      agent: agent ?? this.#parts.agents[0] ?? '',
      model: model ?? this.#parts.model,
      time: { created: Date.now() },
    };
  }

  #start(session: Session, model: ModelRef | undefined): void {
    const abort = new AbortController();
    this.#setStatus(session, { type: 'busy' });
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#runs.set(session.id, { abort, ended });
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#runs.size);
    void this.#run(session, model, abort.signal).finally(() => resolve());
  }

  async #run(session: Session, model: ModelRef | undefined, signal: AbortSignal): Promise<void> {
    // A step of its own, so that the 204 is out before anything happens.
    await new Promise(setImmediate);
    if (model && !this.#offers(model)) {
      this.#errorTwice(session, `Model not found: ${model.providerID}/${model.modelID}.`);
      this.#idle(session);
      return;
    }
    const failed = await this.#answerAll(session, signal);
    this.#idle(session);
    // Every failure is told as two ends.
    if (failed) setImmediate(() => this.#tellIdle(session));
  }

  #offers({ providerID, modelID }: ModelRef): boolean {
    return providerID === this.#parts.model.providerID && modelID === this.#parts.model.modelID;
  }

  /** Whether it ended by a failure. */
  async #answerAll(session: Session, signal: AbortSignal): Promise<boolean> {
    let prompt = this.#open(session);
    while (prompt && !signal.aborted) {
      const { error, full } = await answerPrompt(this.#world(), session, prompt, signal);
      if (full || error?.name === 'ContextOverflowError') await this.#sumUp(session, prompt);
      else if (error) return true;
      const next = this.#open(session);
      // Ended without an answer, by a refusal.
      if (next === prompt) return false;
      prompt = next;
    }
    return signal.aborted;
  }

  /** Only when the error is stored, which comes after it is told. */
  async #sumUp(session: Session, prompt: Message): Promise<void> {
    await pause(SUM_UP_MS);
    sumUp(this.#parts, session, prompt);
  }

  /** The last prompt, unless it is answered. */
  #open(session: Session): Message | null {
    const { store } = this.#parts;
    const prompt = store.messagesOf(session.id).findLast(({ info }) => info.role === 'user');
    if (!prompt) return null;
    const last = store.repliesTo(prompt.info.id, session.id).at(-1);
    const answered = last?.error === undefined && last?.finish !== undefined && !UNFINISHED.has(last.finish);
    return answered ? null : prompt;
  }

  #world(): TurnWorld {
    return {
      ...this.#parts,
      setStatus: (session, status) => this.#setStatus(session, status),
      openChild: (parent, work) => this.#openChild(parent, work),
    };
  }

  #openChild(parent: Session, work: Work): void {
    const { store, hub } = this.#parts;
    const child: Session = { ...parent, id: newId('ses'), title: 'sub-task', parentID: parent.id, metadata: {} };
    store.putSession(child);
    hub.publish(child.directory, 'session.created', { info: child });
    const rest = `${work.hang ? ' hang' : ''}${work.childAsk ? ` ask=${work.childAsk}` : ''}`;
    this.submit(child, {
      parts: [{ type: 'text', text: `[[work ms=${work.childMs ?? work.ms} pieces=${work.pieces}${rest}]]` }],
    });
  }

  #setStatus(session: Session, status: Status): void {
    this.#statuses.set(session.id, status);
    this.#parts.hub.publish(session.directory, 'session.status', { sessionID: session.id, status });
  }

  #idle(session: Session): void {
    this.#runs.delete(session.id);
    this.#statuses.delete(session.id);
    const { hub } = this.#parts;
    hub.publish(session.directory, 'session.status', { sessionID: session.id, status: { type: 'idle' } });
    this.#tellIdle(session);
  }

  #tellIdle(session: Session): void {
    this.#parts.hub.publish(session.directory, 'session.idle', { sessionID: session.id });
  }

  #errorTwice(session: Session, message: string): void {
    const error = { name: 'UnknownError', data: { message } };
    const told = { sessionID: session.id, error };
    this.#parts.hub.publish(session.directory, 'session.error', told);
    this.#parts.hub.publish(session.directory, 'session.error', told);
  }
}

function bumped(info: UserInfo): UserInfo {
  return { ...info, time: { created: Date.now() } };
}

function workIn(parts: readonly Readonly<Record<string, unknown>>[]): Work {
  return workOf(parts.map(({ text }) => text).join('\n'));
}
