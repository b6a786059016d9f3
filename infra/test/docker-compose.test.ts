import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpProcessConfig } from '@oio/http-gateway';
import { metricsConfig } from '@oio/metrics';
import { opencodeProcessConfig } from '@oio/opencode-gateway';
import { NODE_OPTIONS, platformConfig, readSettings } from '@oio/platform';
import { schedulerConfig } from '@oio/scheduler';
import { sessionActorConfig } from '@oio/session-actor';
import test from 'ava';
import type { z } from 'zod';
import { type ComposeFile, readComposeFile, readVariables, ROOT } from './compose-file.ts';

const CONFIGS: Readonly<Record<string, z.ZodObject>> = {
  'session-actor': sessionActorConfig,
  scheduler: schedulerConfig,
  'opencode-gateway': opencodeProcessConfig,
  metrics: metricsConfig,
  'http-gateway': httpProcessConfig,
};
const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

for (const [service, config] of Object.entries(CONFIGS)) {
  test(`the settings of ${service} are complete, and fit for production`, async (t) => {
    const { environment, command } = await serviceOf(service);
    t.notThrows(() => readSettings(config, environment));
    t.is(environment['NODE_ENV'], 'production');
    t.deepEqual(command, ['node', ...(NODE_OPTIONS[service] ?? []), `services/${service}/src/main.ts`]);
    t.true(existsSync(join(ROOT, command.at(-1) ?? '')));
    const known = new Set([...Object.keys(platformConfig.shape), ...Object.keys(config.shape)]);
    t.deepEqual(
      Object.keys(environment).filter((name) => !known.has(name)),
      [],
      'a variable that the service does not know is a misspelt one',
    );
  });
}

test('the five services and what they stand on are all there is', async (t) => {
  const { services } = await generated();
  t.deepEqual(Object.keys(services).toSorted(), [...Object.keys(CONFIGS), 'postgres', 'nats', 'redis'].toSorted());
});

test('no secret has a default: each is named in the example without a value, and made by the script', async (t) => {
  const { text } = await generated();
  const needed = new Set([...text.matchAll(/\$\{(\w+):\?\}/g)].map(([, name]) => name));
  const example = readVariables(await read('infra/.env.example'));
  t.deepEqual(new Set(Object.keys(example)), needed);
  t.deepEqual(Object.values(example).filter(Boolean), []);
  t.notRegex(text, /\$\{\w*(?:PASSWORD|KEY|SECRET|TOKEN)\w*(?::-|\})/);
  const { variables } = await generate();
  t.true(Object.values(variables).every((value) => value.length >= 32));
  t.is(new Set(Object.values(variables)).size, needed.size);
});

test('the script writes for its owner only and overwrites nothing', async (t) => {
  const { mode, again } = await generate();
  t.is(mode & 0o777, 0o600);
  t.is(again.status, 0);
  t.regex(again.stdout, /is there already and was left as it is/);
  const { stdout } = spawnSync('git', ['check-ignore', '.env'], { cwd: ROOT, encoding: 'utf8' });
  t.is(stdout.trim(), '.env');
});

test('each service has its own user of the NATS configuration, with the password that NATS is given', async (t) => {
  const { services } = await generated();
  const users = natsUsers(await read('infra/nats/nats.conf'));
  for (const service of Object.keys(CONFIGS)) {
    const { username, password } = new URL(services[service]?.environment['NATS_URL'] ?? '');
    t.is(username, service);
    const variable = users.get(username);
    t.truthy(variable, `nats.conf has no user ${username}`);
    t.is(services['nats']?.environment[variable ?? ''], password);
  }
  t.deepEqual([...users.values()].toSorted(), Object.keys(services['nats']?.environment ?? {}).toSorted());
});

test('all images are pinned', async (t) => {
  const { services } = await generated();
  for (const [name, { image }] of Object.entries(services)) t.regex(image, /^[\w/.-]+:\d+\.\d+/, name);
});

// Compose builds all at once, and Docker refuses a tag that another build has just written: the first `up` would fail.
test('our image is built by exactly one service, from files that exist, and never looked for in a registry', async (t) => {
  const { services } = await generated();
  const ours = Object.entries(services).filter(([name]) => name in CONFIGS);
  const tags = new Set(ours.map(([, { image }]) => image));
  t.is(tags.size, 1);
  const builders = Object.entries(services).filter(([, { build }]) => build);
  t.deepEqual(
    builders.map(([, { image }]) => image),
    [...tags],
    `each tag is built once; building: ${builders.map(([name]) => name).join(', ')}`,
  );
  for (const [name, { build }] of builders)
    t.true(existsSync(join(ROOT, build?.context ?? '', build?.dockerfile ?? '')), name);
  for (const [name, { image, pull_policy: policy }] of Object.entries(services))
    t.is(policy === 'never', tags.has(image), name);
});

test('whoever starts one service gets its image built, and nothing scaled back that can be scaled', async (t) => {
  const { services } = await generated();
  const [builder = ''] = Object.keys(services).filter((name) => services[name]?.build);
  for (const name of Object.keys(CONFIGS)) {
    const needed = services[name]?.depends_on ?? [];
    t.is(needed.includes(builder), name !== builder, name);
    // Compose sets what another depends on back to the number that stands here. A port of the host allows one only.
    for (const one of needed.filter((other) => other in CONFIGS)) t.truthy(services[one]?.ports, `${name}: ${one}`);
  }
});

test('any number of a service can run: no fixed names, and no ports but that of the API on loopback', async (t) => {
  const { services } = await generated();
  for (const [name, { container_name: fixed, ports }] of Object.entries(services)) {
    t.is(fixed, undefined, name);
    t.deepEqual(ports, name === 'http-gateway' ? ['127.0.0.1:8000:8000'] : undefined, name);
  }
});

test('everything is watched, started again, and bounded in its log', async (t) => {
  const { services } = await generated();
  for (const [name, service] of Object.entries(services)) {
    t.is(service.restart, 'unless-stopped', name);
    t.truthy(service.logging.options['max-size'], name);
    t.truthy(service.logging.options['max-file'], name);
    // Ours have the one of their image.
    if (name in CONFIGS) t.is(service.stop_grace_period, '30s');
    t.is((service.healthcheck?.test.length ?? 0) > 1, !(name in CONFIGS), name);
  }
  t.regex(await read('infra/Dockerfile'), /^HEALTHCHECK .*CMD \["node", "infra\/healthcheck.mjs"\]$/m);
  t.regex(await read('infra/healthcheck.mjs'), /HEALTH_PORT\}\/health\/ready/);
});

test('what would end in the same way again waits, as it is started again without end', async (t) => {
  const { services } = await generated();
  for (const name of Object.keys(CONFIGS)) t.is(services[name]?.environment['WHEN_REFUSED'], 'wait', name);
});

test('nothing has a capability or can gain one, and only what must write to its own file system can', async (t) => {
  const { services } = await generated();
  for (const [name, service] of Object.entries(services)) {
    t.deepEqual(service.cap_drop, ['ALL'], name);
    t.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    // OpenCode and the agents install what they need.
    t.is(service.read_only ?? false, name !== 'opencode-gateway', name);
  }
});

test('PostgreSQL and Redis run as the unprivileged users of their images', async (t) => {
  const { services } = await generated();
  for (const name of ['postgres', 'redis']) t.is(services[name]?.user, '999:999', name);
});

test('what is mounted exists: a file here, or a volume that is declared', async (t) => {
  const { services, volumes } = await generated();
  for (const [name, service] of Object.entries(services)) {
    for (const mount of service.volumes ?? []) {
      const [source = '', target] = mount.split(':');
      if (target === undefined) continue;
      if (source.startsWith('.')) t.true(existsSync(join(ROOT, source)), `${name}: ${source}`);
      else t.true(source in volumes, `${name}: ${source}`);
    }
  }
});

test('the servers read the very files that npm run dev and the tests start them with', async (t) => {
  const { services } = await generated();
  for (const name of ['nats', 'redis']) {
    const file = `infra/${name}/${name}.conf`;
    const mount = services[name]?.volumes?.find((one) => one.startsWith(`./${file}:`)) ?? '';
    const target = mount.split(':')[1] ?? 'nowhere';
    t.true(
      services[name]?.command.some((part) => part.includes(target)),
      `${name} is started with ${target}`,
    );
    const starter = await read(`shared/backing-servers/src/start-${name}-server.ts`);
    t.true(starter.includes(file), `${name} is started with ${file} in tests`);
  }
});

async function serviceOf(name: string) {
  const { services } = await generated();
  const service = services[name];
  if (!service) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}

/** docker-compose.yml with the secrets that the script makes. */
async function generated(): Promise<ComposeFile> {
  const { variables } = await generate();
  return readComposeFile(variables);
}

async function generate() {
  const directory = await mkdtemp(join(tmpdir(), 'oio-compose-'));
  try {
    const path = join(directory, '.env');
    const script = join(ROOT, 'infra', 'make-env.mjs');
    const env = { ...process.env, WORKSPACES: '' };
    const make = () => spawnSync(process.execPath, [script, path], { env, encoding: 'utf8' });
    const { status, stderr } = make();
    if (status !== 0) throw new Error(stderr);
    const variables = readVariables(await readFile(path, 'utf8'));
    return { variables, mode: (await stat(path)).mode, again: make() };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The users of a NATS configuration, and the variables that hold their passwords. */
function natsUsers(configuration: string): ReadonlyMap<string, string> {
  const users = configuration.matchAll(/\buser(?:name)?["\s:=]+([\w-]+)["\s,;]+pass(?:word)?["\s:=]+\$(\w+)/g);
  return new Map([...users].map(([, user = '', variable = '']) => [user, variable]));
}
