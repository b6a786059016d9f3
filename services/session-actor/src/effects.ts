import { abortAttempt } from '@oio/contracts';
import type { Effect, SessionSnapshot } from '@oio/domain';
import { type Bus, serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { Logger } from '@oio/runtime';
import type { AttemptKeeper } from './attempt-keeper.ts';

/** How often something outside is tried, and the first pause; an open attempt that outlives it is found by the opencode-gateway's own sweep. */
const TRIES = 6;
const FIRST_PAUSE_MS = 100;

/** Starts what the committed decisions order. */
export interface EffectRunner {
  start(effect: Effect, snapshot: SessionSnapshot): void;
}

export interface EffectParts {
  readonly bus: Bus;
  readonly router: SessionRouter;
  readonly attempts: AttemptKeeper;
  readonly logger: Logger;
}

export function createEffectRunner(parts: EffectParts): EffectRunner {
  return {
    start(effect, snapshot) {
      run(parts, effect, snapshot).catch((error: unknown) => {
        parts.logger.error({ err: error, sessionId: snapshot.id, effect: effect.type }, 'effect not started');
      });
    },
  };
}

async function run(parts: EffectParts, effect: Effect, snapshot: SessionSnapshot): Promise<void> {
  if (effect.type === 'execute-attempt') return parts.attempts.ensure(snapshot);
  if (effect.type === 'abort-attempt') return abort(parts, effect, snapshot);
  const ends = snapshot.childIds.map((childId) =>
    tried(() =>
      parts.router.send(
        'end-by-parent',
        { policy: effect.policy, parentId: snapshot.id },
        {
          ...serviceEnvelope('session-actor', {
            tenant: snapshot.tenant,
            id: `end:${snapshot.id}:${snapshot.version}`,
          }),
          sessionId: childId,
        },
      ),
    ),
  );
  await Promise.all(ends);
}

async function abort(
  { bus }: EffectParts,
  { serverId, token }: Extract<Effect, { type: 'abort-attempt' }>,
  snapshot: SessionSnapshot,
): Promise<void> {
  const envelope = { ...serviceEnvelope('session-actor', { tenant: snapshot.tenant }), sessionId: snapshot.id };
  await tried(() =>
    bus.request(abortAttempt, { sessionId: snapshot.id, token }, envelope, { to: `server.${serverId}` }),
  );
}

async function tried(task: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await task();
      return;
    } catch (error) {
      if (attempt >= TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    }
  }
}
