import type { Random } from '../random.ts';
import { asksForPermission } from './approval-script.ts';
import { childRetried, endedBeforeItsChildren } from './family-scripts.ts';
import type { SentCommand } from './history.ts';
import { becomes, order, type Script, type ScriptParts } from './script.ts';

/** Each script and how often it is chosen, among 100. */
const SCRIPTS: readonly (readonly [weight: number, script: Script])[] = [
  [28, plain],
  [6, toldMore],
  [12, submittedTwice],
  [10, cancelledBeforeItRuns],
  [10, startedLater],
  [8, pausedAndResumed],
  [4, stopped],
  [8, checkpointed],
  [2, keyUsedAgain],
  [3, endedBeforeItsChildren],
  [3, childRetried],
  [6, asksForPermission],
];

export function pickScript(random: Random): Script {
  let left = random.int(
    1,
    SCRIPTS.reduce((sum, [weight]) => sum + weight, 0),
  );
  for (const [weight, script] of SCRIPTS) {
    left -= weight;
    if (left <= 0) return script;
  }
  return plain;
}

async function plain({ client, directory, random }: ScriptParts): Promise<SentCommand> {
  return client.create(order(directory, random.int(50, 500)));
}

async function submittedTwice({ client, history, directory, random }: ScriptParts): Promise<SentCommand> {
  const created = await client.command('create', null, order(directory, random.int(50, 500)), { twice: true });
  const ids = new Set(created.answers.flatMap(({ sessionId }) => sessionId ?? []));
  if (ids.size > 1) history.saw('I9', `key ${created.key} made the sessions ${[...ids].join(', ')}`);
  return created;
}

/** Nothing of it may ever reach an OpenCode server. */
async function cancelledBeforeItRuns({ client, directory }: ScriptParts): Promise<SentCommand> {
  const created = await client.create({ ...order(directory, 200), start: false });
  if (created.sessionId) await client.command('cancel', created.sessionId);
  return created;
}

async function startedLater({ client, directory, random }: ScriptParts): Promise<SentCommand> {
  const created = await client.create({ ...order(directory, random.int(50, 500)), start: false });
  if (created.sessionId) await client.command('start', created.sessionId, {}, { twice: random.chance(0.5) });
  return created;
}

async function pausedAndResumed(parts: ScriptParts): Promise<SentCommand> {
  const { client, directory } = parts;
  const created = await client.create(order(directory, 2_500));
  if (!created.sessionId || !(await becomes(parts, created.sessionId, ['running', 'degraded']))) return created;
  const held = await client.command('pause', created.sessionId);
  if (held.outcome === 'accepted') await client.command('resume', created.sessionId);
  return created;
}

async function stopped(parts: ScriptParts): Promise<SentCommand> {
  const { client, directory } = parts;
  const created = await client.create(order(directory, 2_500));
  if (created.sessionId && (await becomes(parts, created.sessionId, ['running', 'degraded'])))
    await client.command('stop', created.sessionId, { reason: 'chaos' });
  return created;
}

/** A checkpoint is made as often as it is asked for: a repetition that is not recognised shows. */
async function checkpointed(parts: ScriptParts): Promise<SentCommand> {
  const { client, directory, random } = parts;
  const created = await client.create(order(directory, 2_500));
  if (!created.sessionId || !(await becomes(parts, created.sessionId, ['running', 'degraded']))) return created;
  for (let count = random.int(1, 3); count > 0; count -= 1)
    await client.command('checkpoint', created.sessionId, { data: { count } }, { twice: true });
  return created;
}

/** Each prompt is one turn, however often it is sent; one that comes too late is refused. */
async function toldMore({ client, directory, random }: ScriptParts): Promise<SentCommand> {
  const created = await client.create(order(directory, random.int(50, 500)));
  for (let count = random.int(1, 3); created.sessionId && count > 0; count -= 1) {
    const { prompt } = order(directory, random.int(50, 500));
    await client.command('prompt', created.sessionId, { prompt }, { twice: random.chance(0.5) });
  }
  return created;
}

async function keyUsedAgain({ client, history, directory }: ScriptParts): Promise<SentCommand> {
  const created = await client.create(order(directory, 50));
  const status = await client.reuseKey(created, { ...order(directory, 50), title: 'Something else entirely' });
  if (created.outcome === 'accepted' && status !== null && status < 500 && status !== 422 && status !== 429)
    history.saw('I10', `key ${created.key} with another body was answered ${status}`);
  return created;
}
