import { CHILD_POLICIES } from '@oio/contracts';
import { pause } from '../pause.ts';
import type { SentCommand } from './history.ts';
import { becomes, ended, order, type ScriptParts } from './script.ts';

/** No child ends by itself in so long: only its parent's end can end it. */
const FOR_EVER_MS = 600_000;
const WORKING = ['running', 'degraded'];

/** The parent ends, or is stopped, while its children live. */
export async function endedBeforeItsChildren(parts: ScriptParts): Promise<SentCommand> {
  const { client, directory, random } = parts;
  const childPolicy = random.pick(CHILD_POLICIES);
  const parent = await client.create({ ...order(directory, random.int(1_500, 3_000)), childPolicy });
  const childMs = childPolicy === 'detach' ? 3_000 : FOR_EVER_MS;
  const children = await submitChildren(
    parts,
    parent,
    Array.from({ length: random.int(2, 3) }, () => childMs),
  );
  if (parent.sessionId && random.chance(0.5) && (await becomes(parts, parent.sessionId, WORKING)))
    await client.command('stop', parent.sessionId, { reason: 'chaos' });
  await Promise.all(children.map((id) => ended(parts, id)));
  return parent;
}

/** A child is stopped, so that its parent succeeds in part; once the child is retried to success, the parent is complete. */
export async function childRetried(parts: ScriptParts): Promise<SentCommand> {
  const { client, directory, random } = parts;
  const childPolicy = random.pick(CHILD_POLICIES);
  const parent = await client.create({ ...order(directory, 4_000), childPolicy });
  const children = await submitChildren(parts, parent, [2_500, 200]);
  const [child] = children;
  if (!parent.sessionId || !child || !(await becomes(parts, child, WORKING))) return parent;
  await client.command('checkpoint', child);
  await client.command('stop', child, { reason: 'chaos' });
  await ended(parts, parent.sessionId);
  await retry(parts, child);
  await Promise.all(children.map((id) => ended(parts, id)));
  return parent;
}

/** One after the other. Returns the ids of those that were accepted. */
async function submitChildren(
  { client, anotherDirectory }: ScriptParts,
  { sessionId: parentId }: SentCommand,
  ms: readonly number[],
): Promise<string[]> {
  const children: string[] = [];
  for (const each of parentId ? ms : []) {
    const { sessionId } = await client.create({ ...order(anotherDirectory(), each), parentId });
    if (sessionId) children.push(sessionId);
  }
  return children;
}

const RETRY_TRIES = 10;

/** It is refused while it cannot be shown that the last turn has ended. */
async function retry({ client, signal }: ScriptParts, sessionId: string): Promise<void> {
  for (let tries = 0; tries < RETRY_TRIES && !signal.aborted; tries += 1) {
    const { outcome } = await client.command('retry', sessionId);
    if (outcome === 'accepted') return;
    await pause(300, signal);
  }
}
