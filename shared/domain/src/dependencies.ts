import type { NewSession, Status, Violation } from '@oio/contracts';
import { type Decider, emit, type NewEvent, nothing, transitionTo } from './decision.ts';
import { queued, settleChildren } from './decide-client.ts';
import { dependenciesOf, type DependencyOutcome, waitsForDependencies } from './waits.ts';
import { failureOf } from './failures.ts';
import type { SessionSnapshot } from './snapshot.ts';

/** The longest prompt; what is handed on is cut so that it fits. Source: the domain specification, section 1.1. */
const PROMPT_CHARACTERS = 10_000;
/** A placeholder for which less would be left is refused. */
const LEAST_CHARACTERS = 100;
const MEANT = /\{\{\s*deps\.[^{}]{0,150}\}\}/g;
const PLACEHOLDER = /\{\{\s*deps\.([A-Za-z0-9_-]{1,100})\.result\s*\}\}/g;

/** What is wrong about the dependencies of a submission, beside whether there are such sessions. */
export function dependencyViolations(session: Pick<NewSession, 'id' | 'start' | 'prompt' | 'dependsOn'>): Violation[] {
  const dependencies = dependenciesOf(session);
  if (dependencies.length === 0) return [];
  const violations: Violation[] = [];
  const add = (field: string, code: string, message: string): void => void violations.push({ field, code, message });
  if (!session.start)
    add(
      'dependsOn',
      'contradiction',
      'dependsOn says when the session starts by itself; start: false says that it does not.',
    );
  const names = dependencies.flatMap(({ name }) => name ?? []);
  const ids = dependencies.map(({ session: id }) => id);
  dependencies.forEach(({ session: id, name }, index) => {
    if (id === session.id) add(`dependsOn.${index}.session`, 'cycle', 'A session cannot depend on itself.');
    if (ids.indexOf(id) !== index) add(`dependsOn.${index}.session`, 'duplicate', `${id} is depended on already.`);
    else if (name && names.indexOf(name) !== names.lastIndexOf(name))
      add(`dependsOn.${index}.name`, 'duplicate', `The name ${name} stands for more than one dependency.`);
  });
  violations.push(...placeholderViolations(session.prompt, names));
  if (placeholdersOf(session.prompt).length > 0 && shareOf(session.prompt) < LEAST_CHARACTERS)
    add(
      'prompt',
      'no_room',
      `The prompt leaves less than ${LEAST_CHARACTERS} characters for each result that it asks for.`,
    );
  return violations;
}

/** What is wrong about the results that a prompt asks for, when these are the names that it may ask by. */
export function placeholderViolations(prompt: string, names: readonly string[]): Violation[] {
  const known = names.length > 0 ? `it has ${names.join(', ')}` : 'it has none';
  const unknown = new Set(placeholdersOf(prompt).filter((name) => !names.includes(name)));
  const misspelt = new Set((prompt.match(MEANT) ?? []).filter((text) => placeholdersOf(text).length === 0));
  return [
    ...[...unknown].map((name) => `{{deps.${name}.result}} names no dependency of the session; ${known}.`),
    ...[...misspelt].map((text) => `${text} is no placeholder; {{deps.<name>.result}} is.`),
  ].map((message) => ({ field: 'prompt', code: 'unknown_placeholder', message }));
}

/** Queues the session once all that it depends on has ended, or ends it by its policy. */
export const settleDependencies: Decider<'settle-dependencies'> = (snapshot, _payload, { now, dependencies = [] }) => {
  const { session } = snapshot;
  const wanted = dependenciesOf(session).map((dependency) => ({
    ...dependency,
    outcome: dependencies.find(({ id }) => id === dependency.session),
  }));
  if (!waitsForDependencies(snapshot) || !wanted.every(({ outcome }) => outcome?.settled)) return nothing;
  const missed = wanted.find(({ on, outcome }) => on === 'succeeded' && !succeeded(outcome?.status));
  if (missed && session.onDependencyFailure !== 'continue')
    return emit([endedBy(snapshot, missed.session, missed.outcome?.status)], settleChildren(snapshot));
  const results = new Map(wanted.flatMap(({ name, outcome }) => (name && outcome ? [[name, textOf(outcome)]] : [])));
  const prompt = placeholdersOf(session.prompt).length > 0 ? renderPrompt(session.prompt, results) : null;
  const settled: NewEvent = {
    type: 'session.dependencies-settled',
    data: { prompt, outcomes: dependencies.map(({ id, status }) => ({ session: id, status })) },
  };
  const isEarly = session.notBefore && session.notBefore > now;
  return emit(isEarly ? [settled] : [settled, queued(snapshot)]);
};

/** The results in place of their placeholders, in one pass: what a result says is no placeholder. Each is cut to its share. */
export function renderPrompt(prompt: string, results: ReadonlyMap<string, string>): string {
  const share = shareOf(prompt);
  return prompt.replaceAll(PLACEHOLDER, (_, name: string) => cut(results.get(name) ?? '', share));
}

function placeholdersOf(prompt: string): string[] {
  return Array.from(prompt.matchAll(PLACEHOLDER), ([, name]) => name ?? '');
}

/** What is left for each placeholder, in characters. */
function shareOf(prompt: string): number {
  const rest = [...prompt.replaceAll(PLACEHOLDER, '')].length;
  return Math.floor((PROMPT_CHARACTERS - rest) / placeholdersOf(prompt).length);
}

function cut(text: string, most: number): string {
  const characters = [...text];
  if (characters.length <= most) return text;
  const mark = `… [cut: ${characters.length.toLocaleString('en')} characters]`;
  return `${characters.slice(0, most - mark.length).join('')}${mark}`;
}

function textOf({ status, result }: DependencyOutcome): string {
  if (!succeeded(status)) return `(no result: it is ${status})`;
  const text = (result as { readonly text?: unknown } | null)?.text;
  return typeof text === 'string' ? text : JSON.stringify(result);
}

function succeeded(status: Status | undefined): boolean {
  return status === 'completed' || status === 'partially_completed';
}

function endedBy(snapshot: SessionSnapshot, id: string, status: Status | undefined): NewEvent {
  const failure = failureOf('dependency_failed', `Session ${id}, which it depends on, is ${status}.`);
  if (snapshot.session.onDependencyFailure === 'skip')
    return { type: 'session.cancelled', data: { ...transitionTo(snapshot, 'cancelled'), failure } };
  return { type: 'session.failed', data: { ...transitionTo(snapshot, 'failed'), failure, retryAt: null } };
}
