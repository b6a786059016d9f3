import {
  type ChildPolicy,
  newSession,
  type PermissionRule,
  type SessionEventData,
  type Status,
  type StopProof,
  type StoredSessionEvent,
} from '@oio/contracts';
import fc from 'fast-check';
import {
  attemptToken,
  type Decision,
  type DecisionContext,
  decide,
  decideCreate,
  type Effect,
  FAILURES,
  type FailureCode,
  failureOf,
  type SessionCommand,
  type SessionSnapshot,
  type TimerName,
} from '../src/index.ts';
import { asked, at, call, command, context, creation, question, resume, step, workspace } from './sessions.ts';

/** A parent and its two children. */
export const FAMILY = ['0', '1', '2'].map((digit) => `0199b3e4-0000-7000-8000-00000000010${digit}`);
const [PARENT] = FAMILY as [string, ...string[]];

/** One command of a random story. What does not fit the moment is sent all the same: late, stale and doubled ones belong to life. */
export interface Move {
  readonly who: number;
  readonly what: keyof typeof ORDERS;
  /** Seconds on the clock since the move before; negative when the clock was set back. */
  readonly pause: number;
  readonly run: 'present' | 'before' | 'after' | 'garbage';
  readonly number: number;
  readonly again: boolean;
}

export interface Story {
  readonly creations: readonly SessionEventData<'session.created'>[];
  readonly moves: readonly Move[];
}

/** One decision of the story. */
export interface Scene {
  readonly before: SessionSnapshot | null;
  readonly command: SessionCommand | null;
  readonly context: DecisionContext;
  readonly decision: Decision;
}

/** What became of each of the family, in the order of what happened to it. */
export type Scenes = ReadonlyMap<string, readonly Scene[]>;

export function play({ creations, moves }: Story): Scenes {
  const scenes = new Map<string, Scene[]>();
  let clock = 0;
  for (const data of creations) {
    const birth = deepFrozen(context(at(clock), { commandId: `create-${data.session.id}` }));
    scenes.set(data.session.id, [
      { before: null, command: null, context: birth, decision: decideCreate(data.session.id, deepFrozen(data), birth) },
    ]);
  }
  const send = (id: string, order: SessionCommand, more: Partial<DecisionContext>): void => {
    const past = scenes.get(id) ?? [];
    const before = deepFrozen(latest(past));
    const now = deepFrozen(
      context(at(clock), { ...more, commandId: `command-${past.length}`, children: outcomes(scenes) }),
    );
    const decision = decide(before, deepFrozen(order), now);
    past.push({ before, command: order, context: now, decision });
    if (decision.kind === 'events') for (const effect of decision.effects) settle(effect, before, send);
  };
  for (const move of moves) {
    clock += move.pause;
    const id = FAMILY[move.who] ?? PARENT;
    const order = ORDERS[move.what](latest(scenes.get(id) ?? []), move);
    for (let time = move.again ? 2 : 1; time > 0; time -= 1)
      send(id, order, {
        random: move.number / 1_000,
        messageId: `msg_${move.number}`,
        takenOver: move.number % 2 === 0,
        checkpoint: checkpointOf(latest(scenes.get(id) ?? [])),
      });
  }
  return scenes;
}

/** The session after a scene. */
export function result({ before, decision }: Scene): SessionSnapshot {
  if (decision.kind === 'events') return decision.next;
  if (!before) throw new Error('A creation is never refused.');
  return before;
}

export function historyOf(scenes: readonly Scene[]): readonly StoredSessionEvent[] {
  return scenes.flatMap(({ decision }) => (decision.kind === 'events' ? decision.events : []));
}

function latest(scenes: readonly Scene[]): SessionSnapshot {
  const last = scenes.at(-1);
  if (!last) throw new Error('Nobody of that name was born.');
  return result(last);
}

/** A parent that ends decides for its children, as the session-actor does it. */
function settle(
  effect: Effect,
  parent: SessionSnapshot,
  send: (id: string, order: SessionCommand, more: object) => void,
): void {
  if (effect.type !== 'settle-children') return;
  for (const childId of parent.childIds.filter((id) => FAMILY.includes(id))) {
    send(childId, command('end-by-parent', { policy: effect.policy, parentId: parent.id }), {});
  }
}

function checkpointOf({ checkpoints }: SessionSnapshot) {
  return checkpoints.last && { ...checkpoints.last, resume: { ...checkpoints.last.resume, fileSnapshot: 'f00d' } };
}

function outcomes(scenes: ReadonlyMap<string, readonly Scene[]>): { succeeded: number; failed: number } {
  const ended = FAMILY.slice(1).map((id): Status => latest(scenes.get(id) ?? []).status);
  return {
    succeeded: ended.filter((status) => status === 'completed').length,
    failed: ended.filter((status) => ['failed', 'timeout', 'stopped', 'cancelled', 'orphaned'].includes(status)).length,
  };
}

const CODES = Object.keys(FAILURES) as FailureCode[];
const failure = ({ number }: Move) => failureOf(CODES[number % CODES.length] ?? 'internal');
const steps = ({ number }: Move, count: number) =>
  Array.from({ length: count }, (_, index) =>
    step(`msg_${(number % 7) + index}`, { apiErrors: number % 3 === 0 ? 1 : 0, costUsd: number / 977 }),
  );
const oneStep = (move: Move) => steps(move, 1)[0] ?? step('msg_0');

function tokenOf({ attempt }: SessionSnapshot, { run }: Move): string {
  if (!attempt || run === 'garbage') return 'constructor';
  if (run === 'present') return attemptToken(attempt);
  return attemptToken({ number: attempt.number, run: attempt.run + (run === 'before' ? -1 : 1) });
}

function timer(name: TimerName) {
  return ({ timers }: SessionSnapshot, { run, number }: Move) =>
    command('fire-timer', { name, generation: run === 'present' ? (timers[name]?.generation ?? number) : number });
}

/** Every command that a session can get, from any side. */
const ORDERS = {
  start: () => command('start', {}),
  pause: () => command('pause', {}),
  resume: () => command('resume', {}),
  stop: () => command('stop', { reason: 'Enough.' }),
  cancel: () => command('cancel', {}),
  retry: () => command('retry', {}),
  checkpoint: (_, { number }) => command('checkpoint', { data: { number } }),
  delete: () => command('delete', {}),
  dispatch: (_, { number }) => command('dispatch', { serverId: `server-${number % 3}`, schedulerEpoch: number }),
  time: timer('max-duration'),
  interval: timer('checkpoint'),
  retryTime: timer('retry'),
  prompt: (_, { number }) => command('prompt', { prompt: `Then do ${'it '.repeat(number % 100)}` }),
  removePrompt: ({ prompts = [] }, { number }) =>
    command('remove-prompt', { promptId: prompts[number % (prompts.length || 1)]?.id ?? 'nothing' }),
  revert: (_, { number }) => command('revert', { checkpoint: 1 + (number % 3) }),
  revertTime: timer('revert'),
  revertEnded: ({ revert }, move) =>
    command('revert-ended', {
      requested: revert?.requested ?? 1,
      ...(move.number < 500
        ? { conversation: { openCodeSessionId: 'ses_2', lastMessageId: 'msg_2' }, failure: null }
        : { conversation: null, failure: failure(move) }),
    }),
  approvalTime: timer('approval'),
  adopt: () => command('adopt', {}),
  addChild: (_, { number }) => command('add-child', { childId: FAMILY[number % 3] ?? PARENT }),
  childEnded: (_, { number }) => command('child-ended', { childId: FAMILY[number % 3] ?? PARENT }),
  giveUp: (_, move) => command('give-up', { failure: failure(move) }),
  cancelled: () => command('end-by-parent', { policy: 'cancel', parentId: PARENT }),
  orphaned: () => command('end-by-parent', { policy: 'orphan', parentId: PARENT }),
  prepared: (snapshot, move) => command('report-prepared', { token: tokenOf(snapshot, move), workspace, resume }),
  step: (snapshot, move) => command('report-step', { token: tokenOf(snapshot, move), step: oneStep(move), resume }),
  usage: (snapshot, move) =>
    command('report-usage', {
      token: tokenOf(snapshot, move),
      calls: [call(`ses_${move.number % 3}`, `msg_${move.number % 10}`), call('ses_1', `msg_${move.number % 7}`)],
    }),
  resources: (snapshot, move) =>
    command('report-resources', {
      token: tokenOf(snapshot, move),
      resources: { cpuPercent: move.number, memoryMb: move.number, diskMb: 1 },
    }),
  degraded: (snapshot, move) => command('report-degraded', { token: tokenOf(snapshot, move), failure: failure(move) }),
  recovered: (snapshot, move) => command('report-recovered', { token: tokenOf(snapshot, move) }),
  warning: (snapshot, move) =>
    command('report-warning', {
      token: tokenOf(snapshot, move),
      type: 'odd',
      message: 'Odd.',
      context: { number: move.number },
    }),
  completed: (snapshot, move) =>
    command('report-completed', {
      token: tokenOf(snapshot, move),
      steps: steps(move, move.number % 4),
      resume,
      result: { text: 'Done.' },
      commit: null,
    }),
  failed: (snapshot, move) =>
    command('report-failed', {
      token: tokenOf(snapshot, move),
      steps: steps(move, move.number % 4),
      resume: move.number % 2 ? resume : null,
      failure: failure(move),
      retryAfterMs: move.number % 3 ? null : move.number * 1_000,
    }),
  asked: (snapshot, move) =>
    command('report-approval', {
      token: tokenOf(snapshot, move),
      approvalId: `approval-${move.number % 5}`,
      asked: move.number % 2 ? asked(`per_${move.number % 5}`) : question(`que_${move.number % 5}`),
    }),
  askedNoMore: (snapshot, move) =>
    command('report-approval-gone', {
      token: tokenOf(snapshot, move),
      requestId: `per_${move.number % 5}`,
      detail: 'Gone.',
    }),
  answer: ({ approvals }, { number }) =>
    command('answer', {
      approvalId: approvals[number % 2]?.id ?? 'approval-0',
      answer: number % 3 ? { action: 'deny' } : { action: 'allow' },
    }),
  closed: (snapshot, move) => command('report-closed', { token: tokenOf(snapshot, move), proof: 'Idle.' }),
  proven: (snapshot, move) => command('report-closed', { token: tokenOf(snapshot, move), proof: 'Idle.', stop: STOP }),
  unconfirmed: (snapshot, move) =>
    command('report-unconfirmed', { token: tokenOf(snapshot, move), failure: failureOf('stop_unconfirmed') }),
} as const satisfies Record<string, (snapshot: SessionSnapshot, move: Move) => SessionCommand>;

const STOP: StopProof = {
  aborted: ['ses_1'],
  children: [],
  idleAt: '2026-01-01T00:00:00.000Z',
  readings: 3,
  conversationDeleted: false,
  processes: null,
};

/** The moves that bring a session on come more often than those that end it, so that stories go deep. */
const WEIGHTS: { readonly [N in keyof typeof ORDERS]?: number } = {
  dispatch: 12,
  prompt: 8,
  removePrompt: 2,
  completed: 5,
  prepared: 8,
  asked: 2,
  step: 6,
  resume: 5,
  degraded: 4,
  retry: 8,
  retryTime: 6,
  pause: 5,
  closed: 16,
  revert: 30,
  revertTime: 2,
  revertEnded: 30,
  start: 3,
};

const moves = fc.array(
  fc.record({
    who: fc.nat(2),
    what: fc.oneof(
      ...(Object.keys(ORDERS) as (keyof typeof ORDERS)[]).map((name) => ({
        weight: WEIGHTS[name] ?? 1,
        arbitrary: fc.constant(name),
      })),
    ),
    pause: fc.oneof(
      { weight: 8, arbitrary: fc.double({ min: 0, max: 900, noNaN: true }) },
      { weight: 1, arbitrary: fc.double({ min: -4_000, max: 0, noNaN: true }) },
    ),
    run: fc.oneof(
      { weight: 8, arbitrary: fc.constant('present' as const) },
      { weight: 1, arbitrary: fc.constantFrom('before', 'after', 'garbage') },
    ),
    number: fc.nat(999),
    again: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60, size: 'max' },
);

const creations = fc.record({
  start: fc.boolean(),
  policy: fc.constantFrom<ChildPolicy>('cancel', 'orphan', 'detach'),
  maxDurationSeconds: fc.integer({ min: 60, max: 4_000 }),
  metadata: fc
    .dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
    .filter((data) => newSession.shape.metadata.safeParse(data).success),
  maxRetries: fc.nat(3),
  permissions: fc.constantFrom<PermissionRule[]>([], [{ tool: '*', pattern: '*', action: 'ask' }]),
});

export const stories: fc.Arbitrary<Story> = fc.record({
  creations: creations.map(({ policy, metadata: data, maxRetries, ...input }) => {
    const metadata = JSON.parse(JSON.stringify(data)) as typeof data;
    return FAMILY.map((id, index) =>
      creation(
        { ...input, id, metadata: metadata as never, childPolicy: policy, parentId: index === 0 ? null : PARENT },
        { maxRetries },
      ),
    );
  }),
  moves,
});

/** Nothing may write into what it is given. */
function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const item of Object.values(value)) deepFrozen(item);
  return Object.freeze(value);
}
