import { namedModel } from './chosen-model.ts';
import type { SessionCommandName, SessionEventData, StoredSessionEvent } from '@oio/contracts';
import { withWithdrawals } from './decide-approvals.ts';
import { clientDeciders } from './decide-client.ts';
import { withPromptEnds } from './decide-prompts.ts';
import { reportDeciders } from './decide-reports.ts';
import { schedulingDeciders } from './decide-scheduling.ts';
import { dependenciesOf } from './waits.ts';
import type { Decider, Decision, DecisionContext, NewEvent, SessionCommand, Verdict } from './decision.ts';
import { evolve } from './evolve.ts';
import type { SessionSnapshot } from './snapshot.ts';

/**
 * What a command does to a session: the next snapshot, the events that lead there and the effects to start once they
 * are committed; or a refusal. Pure: the same input gives the same output.
 */
export function decide(snapshot: SessionSnapshot, command: SessionCommand, context: DecisionContext): Decision {
  const decider = deciders[command.name] as Decider<typeof command.name>;
  const decided = withPromptEnds(snapshot, decider(snapshot, command.payload, context));
  const verdict = withWithdrawals(snapshot, decided, context.now);
  return complete(snapshot, verdict, context);
}

/** The birth of a session: created, and queued in the same commit unless it is to wait for `start` a later time, or other sessions. */
export function decideCreate(
  id: string,
  data: SessionEventData<'session.created'>,
  context: Occasion,
): Extract<Decision, { kind: 'events' }> {
  const born = number(null, id, data.tenant, [{ type: 'session.created', data }], context);
  const { start, notBefore } = data.session;
  if (!start || notBefore || dependenciesOf(data.session).length > 0) return { kind: 'events', ...born, effects: [] };
  const queued: NewEvent = {
    type: 'session.queued',
    data: {
      from: 'pending',
      to: 'queued',
      attempt: 0,
      priority: data.session.priority,
      place: data.place,
      model: namedModel(data.session),
      concurrencyKey: data.session.concurrencyKey,
      resumable: null,
    },
  };
  const rest = number(born.next, id, data.tenant, [queued], { ...context, commandId: null });
  return { kind: 'events', events: [...born.events, ...rest.events], next: rest.next, effects: [] };
}

const deciders: { readonly [N in Exclude<SessionCommandName, 'create'>]: Decider<N> } = {
  ...clientDeciders,
  ...schedulingDeciders,
  ...reportDeciders,
};

function complete(snapshot: SessionSnapshot, verdict: Verdict, context: DecisionContext): Decision {
  if (verdict.kind !== 'events') return verdict;
  const numbered = number(snapshot, snapshot.id, snapshot.tenant, verdict.events, context);
  return { kind: 'events', ...numbered, effects: verdict.effects ?? [] };
}

/** What goes into each event of a decision. */
type Occasion = Pick<DecisionContext, 'now' | 'cause' | 'commandId' | 'epoch'>;

/** Gives the events their place in the history. Only the first one carries the command's id, which is unique per session. */
function number(
  snapshot: SessionSnapshot | null,
  sessionId: string,
  tenant: string,
  events: readonly NewEvent[],
  context: Occasion,
) {
  let next = snapshot;
  const stored = events.map(({ type, data }, index) => {
    const event = {
      sessionId,
      tenant,
      seq: (next?.version ?? 0) + 1,
      commandId: index === 0 ? context.commandId : null,
      epoch: context.epoch,
      cause: context.cause,
      at: context.now,
      type,
      data,
    } as StoredSessionEvent;
    next = evolve(next, event);
    return event;
  });
  return { events: stored, next: next as unknown as SessionSnapshot };
}
