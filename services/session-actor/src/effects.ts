import { setTimeout as pause } from 'node:timers/promises';
import type { StoredSessionEvent } from '@oio/contracts';
import type { Effect, SessionSnapshot } from '@oio/domain';
import { AppError } from '@oio/errors';
import { serviceEnvelope } from '@oio/messaging';
import type { GatewayRouter, SessionRouter } from '@oio/ownership';
import type { Logger } from '@oio/runtime';
import type { AttemptKeeper } from './attempt-keeper.ts';
import type { Fences } from './fences.ts';
import type { ParentOfCompleted } from './ports.ts';
import { orderRevert } from './revert-order.ts';

/**
 * How often something outside is tried, and the first pause. What stays undone is found later: an open attempt by the
 * opencode-gateway's sweep, a child left behind and a parent that was not told by this service's own.
 */
const TRIES = 6;
const FIRST_PAUSE_MS = 100;

/** What a committed decision leads to outside; the last one is this service's own business. */
type Outgoing = Effect | { readonly type: 'tell-parent'; readonly parentId: string };

/** Starts what the committed decisions order; after its end nothing is tried again. */
export interface EffectRunner extends Disposable {
  start(effect: Outgoing, snapshot: SessionSnapshot): void;
}

export interface EffectParts {
  readonly router: SessionRouter;
  readonly attempts: AttemptKeeper;
  readonly gateways: GatewayRouter;
  readonly fences: Fences;
  readonly logger: Logger;
}

export function createEffectRunner(parts: EffectParts): EffectRunner {
  const ending = new AbortController();
  return {
    start(effect, snapshot) {
      run(parts, effect, snapshot, ending.signal).catch((error: unknown) => {
        if (ending.signal.aborted) return;
        parts.logger.warn({ err: error, sessionId: snapshot.id, effect: effect.type }, 'effect not started');
      });
    },
    [Symbol.dispose]() {
      ending.abort();
    },
  };
}

/** A parent that succeeded in part is complete once its failed children have been retried to success. */
export function effectsOnParent(snapshot: SessionSnapshot, events: readonly StoredSessionEvent[]): readonly Outgoing[] {
  const { parentId } = snapshot.session;
  const succeeded = events.some(({ type }) => type === 'session.completed' || type === 'session.partially_completed');
  return parentId && succeeded ? [{ type: 'tell-parent', parentId }] : [];
}

/** Ends a child as its parent's policy wants it. */
export async function endChild(
  router: SessionRouter,
  child: { readonly childId: string; readonly tenant: string; readonly parentId: string },
  policy: 'cancel' | 'orphan',
): Promise<void> {
  const { childId, tenant, parentId } = child;
  const envelope = serviceEnvelope('session-actor', { tenant });
  await router.send('end-by-parent', { policy, parentId }, { ...envelope, sessionId: childId });
}

/** Tells a parent that a child has succeeded. */
export async function tellParent(
  router: SessionRouter,
  { parentId, tenant, childId }: ParentOfCompleted,
): Promise<void> {
  const envelope = serviceEnvelope('session-actor', { tenant });
  await router.send('child-ended', { childId }, { ...envelope, sessionId: parentId });
}

async function run(
  parts: EffectParts,
  effect: Outgoing,
  snapshot: SessionSnapshot,
  signal: AbortSignal,
): Promise<void> {
  const { attempts, router } = parts;
  const { id, tenant } = snapshot;
  if (effect.type === 'execute-attempt') return attempts.ensure(snapshot);
  if (effect.type === 'abort-attempt') {
    return tried(() => attempts.abort(snapshot, effect), signal);
  }
  if (effect.type === 'revert-workspace') return tried(() => orderRevert(parts, snapshot), signal);
  if (effect.type === 'tell-parent') {
    return tried(() => tellParent(router, { parentId: effect.parentId, tenant, childId: id }), signal);
  }
  const ends = snapshot.childIds.map((childId) =>
    tried(() => endChild(router, { childId, tenant, parentId: id }, effect.policy), signal),
  );
  await Promise.all(ends);
}

async function tried(task: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await task();
      return;
    } catch (error) {
      if (attempt >= TRIES || !(error instanceof AppError) || !error.retryable) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1), undefined, { signal });
    }
  }
}
