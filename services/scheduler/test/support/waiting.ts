import type { WaitingSession } from '../../src/waiting-session.ts';

/** A UUID that sorts as the number does. */
export function idOf(number: number): string {
  return `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function waiting(number: number, facts: Partial<WaitingSession> = {}): WaitingSession {
  return {
    id: idOf(number),
    tenant: 'acme',
    priority: 2,
    waitingSinceMs: 0,
    version: 1,
    serverId: null,
    directory: null,
    project: '/project',
    model: null,
    concurrencyKey: null,
    ...facts,
  };
}
