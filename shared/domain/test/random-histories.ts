import {
  type ChildPolicy,
  newSession,
  type PermissionRule,
  type SessionEventData,
  type Status,
  type StoredSessionEvent,
} from '@oio/contracts';
import fc from 'fast-check';
import {
  type Decision,
  type DecisionContext,
  decide,
  decideCreate,
  type DependencyOutcome,
  type Effect,
  isTerminal,
  type SessionCommand,
  type SessionSnapshot,
} from '../src/index.ts';
import { type Chance, ELDER, FAMILY, ORDERS, PARENT } from './random-orders.ts';
import { at, command, context, creation } from './sessions.ts';

/** One command of a random story. What does not fit the moment is sent all the same: late, stale and doubled ones belong to life. */
export interface Move extends Chance {
  readonly who: number;
  readonly what: keyof typeof ORDERS;
  /** Seconds on the clock since the move before; negative when the clock was set back. */
  readonly pause: number;
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
      context(at(clock), {
        ...more,
        commandId: `command-${past.length}`,
        children: outcomes(scenes),
        dependencies: [standing(latest(scenes.get(ELDER) ?? []))],
      }),
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
        takenOver: move.number % 2 === 0 ? { unownedMs: 1_000 * (move.number % 3) } : null,
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

function outcomes(scenes: ReadonlyMap<string, readonly Scene[]>): NonNullable<DecisionContext['children']> {
  const statuses = FAMILY.slice(1).map((id): Status => latest(scenes.get(id) ?? []).status);
  return {
    succeeded: statuses.filter((status) => status === 'completed').length,
    failed: statuses.filter((status) => ['failed', 'timeout', 'stopped', 'cancelled', 'orphaned'].includes(status))
      .length,
    unended: statuses.filter((status) => !isTerminal(status)).length,
  };
}

function standing({ id, status, timers, result: said }: SessionSnapshot): DependencyOutcome {
  return { id, status, settled: isTerminal(status) && !timers.retry, result: said };
}

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
  pause: 8,
  closed: 24,
  revert: 40,
  revertTime: 2,
  revertEnded: 50,
  start: 3,
  settle: 5,
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
  /** Whether the younger child waits for the elder. */
  waits: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  permissions: fc.constantFrom<PermissionRule[]>([], [{ tool: '*', pattern: '*', action: 'ask' }]),
});

export const stories: fc.Arbitrary<Story> = fc.record({
  creations: creations.map(({ policy, metadata: data, maxRetries, waits, ...input }) => {
    const metadata = JSON.parse(JSON.stringify(data)) as typeof data;
    return FAMILY.map((id, index) =>
      creation(
        {
          ...input,
          id,
          metadata: metadata as never,
          childPolicy: policy,
          parentId: index === 0 ? null : PARENT,
          ...(waits && index === 2 && { dependsOn: [{ session: ELDER, on: 'finished' }] }),
        },
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
