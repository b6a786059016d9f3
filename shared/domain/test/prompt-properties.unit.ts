import type { StoredSessionEvent } from '@oio/contracts';
import { isTerminal, isWorking, replay } from '../src/index.ts';
import { always, equal, lastOf, ok } from './property-checks.ts';
import { historyOf, result } from './random-histories.ts';

always(
  'further prompts begin in the order in which they came, each once, and only what waits is passed over',
  (scenes) => {
    const history = historyOf(scenes);
    const queued = idsOf(history, 'session.prompt-queued');
    const removed = new Set(
      history.flatMap((event) =>
        event.type === 'session.prompt-ended' && event.data.state === 'cancelled' ? [event.data.promptId] : [],
      ),
    );
    const started = idsOf(history, 'session.prompt-started');
    ok(new Set(started).size === started.length, 'a prompt began twice');
    const passed = queued.slice(0, queued.indexOf(started.at(-1) ?? '') + 1).filter((id) => !started.includes(id));
    ok(
      passed.every((id) => removed.has(id)),
      'a prompt was passed over',
    );
    equal(
      started,
      queued.filter((id) => started.includes(id)),
    );
  },
);

always('each prompt is sent under a message id of its own attempt, one after the other', (scenes) => {
  const history = historyOf(scenes);
  const attempts = history.flatMap((event) =>
    event.type === 'session.prompt-started' || (event.type === 'session.running' && event.data.from !== 'degraded')
      ? [event.data.attempt]
      : [],
  );
  equal(
    attempts,
    attempts.toSorted((a, b) => a - b),
  );
  const begun = history.flatMap((event) => (event.type === 'session.prompt-started' ? [event.data.attempt] : []));
  ok(new Set(begun).size === begun.length, 'two prompts share an attempt');
});

always('the prompt whose turn it is is that of the present attempt, and there is no other one', (scenes) => {
  for (const scene of scenes) {
    const snapshot = result(scene);
    const running = (snapshot.prompts ?? []).filter(({ state }) => state === 'running');
    ok(running.length <= 1, 'two prompts have their turn');
    for (const { id } of running) equal(id, snapshot.attempt?.promptId);
    const promptId = snapshot.attempt?.promptId;
    if (promptId !== undefined && isWorking(snapshot.status)) equal(running[0]?.id, promptId);
  }
});

always(
  'a session that has ended leaves no prompt without an outcome, but for those that a retry goes on with',
  (scenes) => {
    for (const scene of scenes) {
      const { status, timers, deletedAt, prompts = [] } = result(scene);
      if (!isTerminal(status) || timers.retry) continue;
      const open = prompts.filter(({ state }) => state === 'running' || state === 'queued');
      const mayWait = status === 'stopped' && deletedAt === null;
      ok(
        open.every(({ state }) => mayWait && state === 'queued'),
        `${status} with a prompt that is ${open[0]?.state}`,
      );
    }
  },
);

always(
  'the prompts of a session took no more than the session, and a session without any holds nothing of them',
  (scenes) => {
    const history = historyOf(scenes);
    for (const scene of scenes) {
      const { prompts, usage, attempt } = result(scene);
      const sum = (prompts ?? []).reduce((all, one) => all + (one.usage?.tokens.input ?? 0), 0);
      ok(sum <= usage.tokens.input, `${sum} of ${usage.tokens.input} tokens`);
      ok(prompts !== undefined || !('promptId' in (attempt ?? {})), 'an attempt at nothing');
    }
    const isAsked = history.some(({ type }) => type === 'session.prompt-queued');
    ok(isAsked === 'prompts' in result(lastOf(scenes)), 'a field for nothing');
  },
);

always('what it waits for is still the whole text, and so is what may be retried', (scenes) => {
  const history = historyOf(scenes);
  const texts = new Map(
    history.flatMap((event) =>
      event.type === 'session.prompt-queued' ? [[event.data.promptId, event.data.prompt]] : [],
    ),
  );
  const { prompts = [], attempt } = replay(history);
  for (const { id, state, prompt } of prompts)
    if (state === 'queued' || id === attempt?.promptId) equal(prompt, texts.get(id));
});

function idsOf(history: readonly StoredSessionEvent[], wanted: 'session.prompt-queued' | 'session.prompt-started') {
  return history.flatMap(({ type, data }) => (type === wanted ? [data.promptId] : []));
}
