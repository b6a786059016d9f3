import { eventually } from '@oio/runtime/testing';
import type { FakeSessionActor } from './fake-session-actor.ts';

/** Resolves once a session is running. */
export function runs(actor: FakeSessionActor, id: string, withinMs?: number): Promise<boolean> {
  return eventually(() => actor.snapshot(id).status === 'running', { withinMs });
}
