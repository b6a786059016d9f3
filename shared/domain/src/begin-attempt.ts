import type { SessionEventData } from '@oio/contracts';
import { later } from './instants.ts';
import type { Attempt, SessionSnapshot } from './snapshot.ts';
import { noUsage } from './usage.ts';

/** A session shows the newest ones; the rest is in its history. */
const EARLIER_SHOWN = 20;

interface Beginning {
  readonly at: string;
  readonly seq: number;
  readonly data: Pick<SessionEventData<'session.running'>, 'attempt' | 'run' | 'serverId' | 'messageId'>;
}

/** The part of a snapshot that a new attempt changes, whatever leads to it; for a further prompt with its id. */
export function beginAttempt(
  snapshot: SessionSnapshot,
  { at, data }: Beginning,
  promptId = snapshot.attempt?.promptId,
): Pick<SessionSnapshot, 'attempt' | 'earlierAttempts'> {
  const attempt: Attempt = {
    number: data.attempt,
    run: data.run,
    serverId: data.serverId,
    messageId: data.messageId,
    // What most attempts do not have costs nothing in what is stored of them.
    ...(promptId !== undefined && { promptId }),
    openCodeSessionId: null,
    startedAt: at,
    steps: 0,
    lastStepId: null,
    usage: null,
    counted: {},
    open: true,
    stop: null,
  };
  return { attempt, earlierAttempts: withLast(snapshot) };
}

function withLast({ attempt, earlierAttempts }: SessionSnapshot): SessionSnapshot['earlierAttempts'] {
  if (!attempt) return earlierAttempts;
  const { number, steps, usage } = attempt;
  return [...earlierAttempts, { number, steps, ...(usage ?? noUsage) }].slice(-EARLIER_SHOWN);
}

/** The timers of a run that begins after so much of the attempt's time. */
export function timersOfRun(
  { session, policy }: SessionSnapshot,
  { at, seq }: Omit<Beginning, 'data'>,
  attemptMs: number,
): SessionSnapshot['timers'] {
  const leftMs = Math.max(0, session.maxDurationSeconds * 1_000 - attemptMs);
  return {
    'max-duration': { generation: seq, fireAt: later(at, leftMs) },
    checkpoint: { generation: seq, fireAt: later(at, policy.checkpointIntervalSeconds * 1_000) },
  };
}
