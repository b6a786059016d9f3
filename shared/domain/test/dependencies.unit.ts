import type { Status } from '@oio/contracts';
import test from 'ava';
import { allowedCommands, decide, type DependencyOutcome, dependencyViolations, renderPrompt } from '../src/index.ts';
import { accepted, after, at, command, context, fired, SESSION_ID, submitted } from './sessions.ts';

const PLAN = '0199b3e4-0000-7000-8000-0000000000a1';
const OTHER = '0199b3e4-0000-7000-8000-0000000000a2';
const dependsOn = [{ session: PLAN, name: 'plan' }, { session: OTHER }];
const settle = command('settle-dependencies', {});

function outcome(id: string, status: Status, more: Partial<DependencyOutcome> = {}): DependencyOutcome {
  return { id, status, settled: true, result: { text: `Result of ${id.slice(-2)}.` }, ...more };
}

const BOTH = [outcome(PLAN, 'completed'), outcome(OTHER, 'partially_completed')];

test('a session that depends on others stays pending, cannot be started by hand, and is queued once they have succeeded', (t) => {
  const waiting = submitted({ dependsOn, prompt: 'Do this: {{deps.plan.result}}' });
  t.like(waiting, { status: 'pending', timers: {} });
  t.false(allowedCommands(waiting).includes('start'));
  t.is(decide(waiting, command('start', {}), context(at(1))).kind, 'refused');
  const { events, next } = accepted(decide(waiting, settle, context(at(9), { dependencies: BOTH })));
  t.deepEqual(
    events.map(({ type }) => type),
    ['session.dependencies-settled', 'session.queued'],
  );
  t.is(next.status, 'queued');
  t.is(next.handedOn?.prompt, 'Do this: Result of a1.');
  t.is(decide(next, settle, context(at(10), { dependencies: BOTH })).kind, 'nothing');
});

for (const [what, dependencies] of [
  ['one has not ended', [BOTH[0], outcome(OTHER, 'running', { settled: false })]],
  ['one is to be retried by itself', [BOTH[0], outcome(OTHER, 'failed', { settled: false })]],
  ['nothing is known of one', [BOTH[0]]],
  ['nobody looked', undefined],
] as const) {
  test(`nothing happens while ${what}`, (t) => {
    const known = dependencies as readonly DependencyOutcome[] | undefined;
    t.is(decide(submitted({ dependsOn }), settle, context(at(9), known && { dependencies: known })).kind, 'nothing');
  });
}

for (const [onDependencyFailure, status] of [
  [undefined, 'failed'],
  ['fail', 'failed'],
  ['skip', 'cancelled'],
  ['continue', 'queued'],
] as const) {
  test(`when one that was to succeed failed, a session of policy ${onDependencyFailure ?? 'none'} is ${status}`, (t) => {
    const prompt = 'After {{ deps.plan.result }}';
    const waiting = submitted({ dependsOn, prompt, ...(onDependencyFailure && { onDependencyFailure }) });
    const dependencies = [outcome(PLAN, 'failed'), outcome(OTHER, 'completed')];
    const next = after(waiting, 'settle-dependencies', {}, { dependencies });
    t.is(next.status, status);
    if (status === 'queued') t.is(next.handedOn?.prompt, 'After (no result: it is failed)');
    else t.is(next.failure?.code, 'dependency_failed');
  });
}

test('one that was only to finish may end in any way', (t) => {
  const waiting = submitted({ dependsOn: [{ session: PLAN, on: 'finished' }] });
  const next = after(waiting, 'settle-dependencies', {}, { dependencies: [outcome(PLAN, 'cancelled')] });
  t.like(next, { status: 'queued', handedOn: { prompt: null } });
});

test('a later time is waited for after the dependencies', (t) => {
  const waiting = submitted({ dependsOn, notBefore: at(100) });
  t.deepEqual(waiting.timers, {});
  const settled = after(waiting, 'settle-dependencies', {}, { dependencies: BOTH, now: at(50) });
  t.is(settled.status, 'pending');
  t.is(settled.timers['not-before']?.fireAt, at(100));
  t.is(fired(settled, 'not-before', { now: at(100) }).status, 'queued');
  t.is(after(waiting, 'settle-dependencies', {}, { dependencies: BOTH, now: at(101) }).status, 'queued');
});

test('a result is cut to its share of the prompt, and what it says is no placeholder', (t) => {
  const prompt = `${'x'.repeat(9_000)}{{deps.a.result}}{{deps.b.result}}`;
  const rendered = renderPrompt(
    prompt,
    new Map([
      ['a', '😀'.repeat(5_000)],
      ['b', '{{deps.a.result}} $& $1'],
    ]),
  );
  t.true([...rendered].length <= 10_000);
  t.regex(rendered, /😀… \[cut: 5,000 characters\]\{\{deps\.a\.result\}\} \$& \$1$/u);
  t.is(rendered.match(/😀/gu)?.length, 500 - '… [cut: 5,000 characters]'.length);
});

test('a result that is no text is handed on as JSON', (t) => {
  const waiting = submitted({ dependsOn: [{ session: PLAN, name: 'plan' }], prompt: '{{deps.plan.result}}' });
  const dependencies = [outcome(PLAN, 'completed', { result: { files: 3 } })];
  t.is(after(waiting, 'settle-dependencies', {}, { dependencies }).handedOn?.prompt, '{"files":3}');
});

for (const [what, input, field, code] of [
  ['on itself', { dependsOn: [{ session: SESSION_ID }] }, 'dependsOn.0.session', 'cycle'],
  ['and asks for an unknown result', { prompt: '{{deps.nobody.result}}' }, 'prompt', 'unknown_placeholder'],
  ['and misspells a result', { prompt: '{{ deps.plan.results }}' }, 'prompt', 'unknown_placeholder'],
  ['and leaves no room for a result', { prompt: `${'x'.repeat(9_950)}{{deps.plan.result}}` }, 'prompt', 'no_room'],
  [
    'under one name twice',
    { dependsOn: [dependsOn[0], { session: OTHER, name: 'plan' }] },
    'dependsOn.0.name',
    'duplicate',
  ],
  ['twice', { dependsOn: [...dependsOn, { session: OTHER }] }, 'dependsOn.2.session', 'duplicate'],
  ['and is not to start', { start: false }, 'dependsOn', 'contradiction'],
] as const) {
  test(`a session that depends on others ${what} is refused by name`, (t) => {
    const { session } = submitted({ dependsOn: [...dependsOn], ...input } as never);
    t.like(dependencyViolations(session)[0], { field, code });
  });
}

test('without dependencies a prompt may say what it likes', (t) => {
  t.deepEqual(dependencyViolations(submitted({ prompt: '{{deps.x.result}}' }).session), []);
});
