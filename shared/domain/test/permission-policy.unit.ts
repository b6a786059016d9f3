import type { Asked, PermissionRule } from '@oio/contracts';
import test from 'ava';
import { effectiveRules } from '../src/index.ts';
import { rulingOn } from '../src/permission-policy.ts';
import { matchesWildcard } from '../src/wildcard.ts';
import { asked, question } from './sessions.ts';

const rule = (tool: string, action: PermissionRule['action'], pattern = '*'): PermissionRule => ({
  tool,
  pattern,
  action,
});

test('without rules of its own a session leaves the workspace and asks nobody', (t) => {
  t.deepEqual(
    effectiveRules([]).map(({ tool, action }) => `${tool} ${action}`),
    ['external_directory deny', 'question deny', 'doom_loop deny'],
  );
});

test('the rules of a session come after the defaults, in their order', (t) => {
  const own = [rule('question', 'ask'), rule('bash', 'deny', 'rm *')];
  t.deepEqual(effectiveRules(own).slice(-2), own);
});

test('a rule that sub-agents would slip denies them, unless the session says otherwise', (t) => {
  const denial = rule('task', 'deny');
  t.deepEqual(effectiveRules([rule('bash', 'ask')]).at(-1), denial);
  t.deepEqual(effectiveRules([rule('*', 'ask')]).at(-1), denial);
  for (const permissions of [
    [rule('bash', 'deny')],
    [rule('external_directory', 'ask')],
    [rule('bash', 'ask'), rule('task', 'allow')],
  ])
    t.notDeepEqual(effectiveRules(permissions).at(-1), denial);
});

for (const [what, permissions, request, ruling] of [
  ['the last rule that matches decides', [rule('bash', 'deny'), rule('bash', 'ask', 'git *')], asked('r'), 'ask'],
  ['one pattern that is denied is enough', [rule('bash', 'ask'), rule('bash', 'deny', 'rm *')], twice(), 'deny'],
  ['what no rule speaks of is denied', [rule('edit', 'ask')], asked('r'), 'deny'],
  ['a question that is allowed is asked', [rule('question', 'allow')], question('r'), 'ask'],
  ['a question is denied by default', [], question('r'), 'deny'],
  ['a sub-session gets what the session is allowed', [rule('bash', 'allow')], ofSubSession(), 'allow'],
  ['OpenCode has seen a reason to ask', [rule('bash', 'allow')], asked('r'), 'ask'],
  ['what was cut is not allowed unseen', [rule('bash', 'allow')], ofSubSession('x'.repeat(500)), 'ask'],
] as [string, PermissionRule[], Asked, PermissionRule['action']][]) {
  test(`of a request: ${what}`, (t) => t.is(rulingOn(permissions, request), ruling));
}

for (const [pattern, text, expected] of [
  ['*', '', true],
  ['git *', 'git push', true],
  ['git *', 'git', true],
  ['git *', 'github', false],
  ['*.env', '/a/b/.env', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-b-b', false],
  ['a.c', 'abc', false],
  ['', 'a', false],
] as const) {
  test(`"${pattern}" ${expected ? 'matches' : 'does not match'} "${text}"`, (t) =>
    t.is(matchesWildcard(text, pattern), expected));
}

test('no pattern takes long', (t) => {
  const begin = performance.now();
  t.false(matchesWildcard('a'.repeat(500), `${'a*'.repeat(499)}b`));
  t.true(performance.now() - begin < 5_000);
});

function twice(): Asked {
  return asked('r', { patterns: ['git push', 'rm -r .'] });
}

function ofSubSession(pattern = 'ls'): Asked {
  return asked('r', { fromSubSession: true, patterns: [pattern] });
}
