import { setTimeout as delay } from 'node:timers/promises';
import type { Approval } from '@oio/contracts';
import { type Logger, newId } from '@oio/runtime';
import type { Reporter } from '../attempts/report.ts';
import { WakeUp } from '../attempts/wake-up.ts';
import type { SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';
import type { ServerLink } from '../server-link.ts';
import type { ApprovalRecords } from './approval-records.ts';
import { askedOf, type Request } from './asked-of.ts';
import { Family } from './family.ts';
import { giveAnswer } from './give-answer.ts';

/** How often the records are looked at while something waits. */
const LOOK_MS = 500;
/** How often what waits is compared with what OpenCode says, which tells of nothing that is answered elsewhere. */
const COMPARE_MS = 5_000;
/** The same while nothing is known to wait: an event may have been lost. */
const COMPARE_IDLE_MS = 15_000;
const PAUSE_MS = 1_000;

export interface ApprovalDeskParts {
  readonly link: ServerLink;
  /** The session of ours. */
  readonly sessionId: string;
  /** The conversation of its turn. */
  readonly ref: SessionRef;
  readonly reporter: Reporter;
  readonly records: ApprovalRecords;
  /** Told whether the turn waits for somebody. */
  readonly onWaiting: (waits: boolean) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly asking: Request;
  reported: boolean;
}

/**
 * Where the questions of one turn meet their answers: tells the owner what OpenCode waits for, and OpenCode what the owner has
 * committed. Both can be done again without harm, so that another gateway takes it up where this one has died.
 */
export class ApprovalDesk {
  readonly #parts: ApprovalDeskParts;
  readonly #family: Family;
  readonly #waiting = new Map<string, Waiting>();
  /** Told by events, and not looked at yet. */
  readonly #heard: Request[] = [];
  readonly #wakeUp = new WakeUp();
  #compareAtMs = performance.now() + COMPARE_IDLE_MS;

  constructor(parts: ApprovalDeskParts) {
    this.#parts = parts;
    this.#family = new Family(parts.ref);
  }

  /** An agent has asked, of this turn or of another one. */
  note(asking: Request): void {
    if (asking.request.directory !== this.#parts.ref.directory) return;
    this.#heard.push(asking);
    this.#wakeUp.ring();
  }

  /** Something may have been missed. */
  recheck(): void {
    this.#compareAtMs = 0;
    this.#wakeUp.ring();
  }

  /** Attends until the signal comes; rejects with its reason. */
  async run(): Promise<never> {
    const { link, signal, sessionId, logger } = this.#parts;
    // A server that does not answer holds up no turn that has ended.
    const over = rejectionOf(signal);
    for (;;) {
      await this.#wakeUp.wait(this.#untilLookMs(), signal);
      await link.waitUntilUp(signal);
      try {
        await Promise.race([this.#attend(link.agent()), over]);
      } catch (error) {
        signal.throwIfAborted();
        logger.warn({ err: error, sessionId }, 'requests of an agent not attended to; tried again');
        await delay(PAUSE_MS, undefined, { signal });
      }
    }
  }

  #untilLookMs(): number {
    const untilCompareMs = Math.max(0, this.#compareAtMs - performance.now());
    return this.#waiting.size > 0 ? Math.min(LOOK_MS, untilCompareMs) : untilCompareMs;
  }

  async #attend(agent: AgentServer): Promise<void> {
    for (const asking of await this.#ours(agent, this.#heard.splice(0))) this.#add(asking);
    if (performance.now() >= this.#compareAtMs) await this.#compare(agent);
    for (const waiting of this.#waiting.values()) await this.#report(waiting);
    if (this.#waiting.size === 0) return;
    const records = await this.#parts.records.of(this.#parts.sessionId, [...this.#waiting.keys()]);
    await this.#answer(agent, new Map(records.map((record) => [record.requestId, record])));
  }

  /** Finds what was missed, and lets go of what OpenCode does not wait for any more. */
  async #compare(agent: AgentServer): Promise<void> {
    const { records, sessionId, reporter } = this.#parts;
    // In this order: what stands in the records was asked before it is looked for.
    const before = [...this.#waiting.keys()];
    const pending = await records.of(sessionId, []);
    const listed = await this.#listed(agent);
    for (const asking of listed) this.#add(asking);
    const ids = new Set(listed.map(({ request }) => request.requestId));
    for (const id of before) if (!ids.has(id)) this.#waiting.delete(id);
    for (const { requestId } of pending.filter((record) => !ids.has(record.requestId)))
      await reporter.report('report-approval-gone', requestId, { requestId, detail: GONE });
    this.#told();
    this.#compareAtMs = performance.now() + (this.#waiting.size > 0 ? COMPARE_MS : COMPARE_IDLE_MS);
  }

  async #listed(agent: AgentServer): Promise<readonly Request[]> {
    const { directory } = this.#parts.ref;
    const [permissions, questions] = await Promise.all([
      agent.pendingPermissions(directory),
      agent.pendingQuestions(directory),
    ]);
    return this.#ours(agent, [
      ...permissions.map((request) => ({ kind: 'permission', request }) as const),
      ...questions.map((request) => ({ kind: 'question', request }) as const),
    ]);
  }

  async #ours(agent: AgentServer, all: readonly Request[]): Promise<readonly Request[]> {
    const ours = await Promise.all(all.map(({ request }) => this.#family.has(agent, request.sessionId)));
    return all.filter((_, index) => ours[index]);
  }

  async #report(waiting: Waiting): Promise<void> {
    if (waiting.reported) return;
    const asked = askedOf(waiting.asking, this.#parts.ref);
    await this.#parts.reporter.report('report-approval', asked.requestId, { approvalId: newId(), asked });
    waiting.reported = true;
  }

  /** With one permission OpenCode refuses all others that its session waits for: those that are decided otherwise come first. */
  async #answer(agent: AgentServer, records: ReadonlyMap<string, Approval>): Promise<void> {
    const decided = [...this.#waiting].flatMap(([id, { asking }]) => {
      const record = records.get(id);
      return record && isAnswered(record) ? [{ asking, record }] : [];
    });
    const undecided = new Set(
      [...this.#waiting].flatMap(([id, { asking }]) => (isAnswered(records.get(id)) ? [] : [holdsUp(asking)])),
    );
    const [refusals, others] = [decided.filter(isRefusal), decided.filter((one) => !isRefusal(one))];
    const now = [...others, ...refusals.filter(({ asking }) => !undecided.has(holdsUp(asking)))];
    for (const { asking, record } of now) await this.#give(agent, asking, record);
    if (now.some(isRefusal)) this.recheck();
    this.#told();
  }

  async #give(agent: AgentServer, asking: Request, record: Approval): Promise<void> {
    const taken = await giveAnswer(agent, asking, record);
    this.#waiting.delete(asking.request.requestId);
    const { sessionId, id: approvalId, tool, status } = record;
    this.#parts.logger.info({ sessionId, approvalId, tool, status, taken }, 'answer given to an agent');
  }

  #add(asking: Request): void {
    const { requestId } = asking.request;
    if (this.#waiting.has(requestId)) return;
    this.#waiting.set(requestId, { asking, reported: false });
    this.#told();
  }

  #told(): void {
    this.#parts.onWaiting(this.#waiting.size > 0);
  }
}

const GONE = 'OpenCode does not wait for an answer any more.';

function rejectionOf(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  promise.catch(() => {});
  return promise;
}

function isAnswered(record: Approval | undefined): boolean {
  return record?.status === 'answered' || record?.status === 'expired';
}

function isRefusal({ asking, record }: { readonly asking: Request; readonly record: Approval }): boolean {
  return asking.kind === 'permission' && record.answer?.action === 'deny';
}

/** What is refused together. */
function holdsUp({ kind, request }: Request): string {
  return `${kind} ${request.sessionId}`;
}
