import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { directoryOf, reaches, submit } from '../support/sessions.ts';
import { databaseUrl, openCodePassword } from '../support/truth.ts';
import { model, orchestrator, place } from './fixture.ts';

/** Secrets of the platform and of the providers, given as it is usual: in the environment. */
const GIVEN = {
  ANTHROPIC_API_KEY: 'given-anthropic-key',
  OPENAI_API_KEY: 'given-openai-key',
  JWT_SECRET_KEY: 'given-jwt-key',
  ENCRYPTION_KEY: 'given-encryption-key-of-32-characters',
  REDIS_URL: 'redis://:given-redis-password@127.0.0.1:1',
};

test.serial('no secret reaches the shells of agents, the log, the history or other users', async (t) => {
  await orchestrator.startAgain({ ...GIVEN, LOG_LEVEL: 'trace' });
  const { id } = await submit(orchestrator, 'write down your environment');
  await reaches(orchestrator, id, 'completed');

  const apiKey = (await readFile(join(place.data, 'api-key'), 'utf8')).trim();
  const database = new URL(await databaseUrl(place)).password;
  const values = Object.values(GIVEN).map((value) => /given-[\w-]+/.exec(value)?.[0] ?? value);
  const secrets = [...values, apiKey, database, await openCodePassword(place), model.apiKey];

  const environment = await readFile(join(await directoryOf(orchestrator, id), 'environment.txt'), 'utf8');
  t.regex(environment, /^PATH=/m);
  assertFree(t, environment, secrets);
  assertFree(t, await everythingLogged(), secrets);
  assertFree(t, await everythingAnswered(id), secrets);
  for (const name of ['api-key', 'orchestrator.log']) t.is((await stat(join(place.data, name))).mode & 0o077, 0, name);
});

function assertFree(t: ExecutionContext, text: string, secrets: readonly string[]): void {
  t.true(text.length > 0);
  t.deepEqual(
    secrets.filter((secret) => text.includes(secret)),
    [],
  );
}

/** The log of the orchestrator, and those of the servers that it looks after. */
async function everythingLogged(): Promise<string> {
  const { data } = place;
  const logs = (await readdir(data, { recursive: true })).filter((name) => name.endsWith('.log'));
  return (await Promise.all(logs.map((name) => readFile(join(data, name), 'utf8')))).join('\n');
}

async function everythingAnswered(id: string): Promise<string> {
  const { client } = orchestrator;
  const answers = [client.getSession({ id }), client.getHistory({ id, limit: 200 }), client.metrics(), client.ready()];
  return (await Promise.all(answers)).map((answer) => JSON.stringify(answer)).join('\n');
}
