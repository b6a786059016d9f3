// Runs a TypeScript entry point on the Node that the project brings along, installing everything first if need be.
// Plain JavaScript, because it is the one file that the host's own Node (20 or newer) has to understand.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PNPM = 'pnpm@12.21.0';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.oio-installed');
// Node keeps there what it made of the sources: each later start costs two thirds of the first one's processor time.
const compiled = join(root, 'node_modules', '.cache', 'compiled');

requireNode(20);
install();
run(process.argv.slice(2));

function requireNode(major) {
  if (Number(process.versions.node.split('.')[0]) >= major) return;
  fail(
    `Node ${major} or newer is needed to start; this is ${process.versions.node}. Install a newer one from nodejs.org.`,
  );
}

/** Installs the locked dependencies once; the stamp says for which lockfile and workspace that was done. */
function install() {
  const wanted = digest(['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(stamp, { force: true });
  process.stderr.write('Installing dependencies (once; needs the npm registry) …\n');
  const done = spawnSync('npx', ['--yes', PNPM, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) {
    process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
    fail(
      'The dependencies could not be installed. The lines above say why; the usual reasons are no network or a full disk.',
    );
  }
  writeFileSync(stamp, wanted);
}

function digest(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function run(args) {
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const command =
    args[0] === '--bin' ? [join(root, 'node_modules', '.bin', args[1]), ...args.slice(2)] : [node, ...args];
  const path = `${dirname(node)}:${join(root, 'node_modules', '.bin')}:${process.env.PATH}`;
  const environment = { NODE_COMPILE_CACHE: compiled, ...process.env, PATH: path };
  const child = spawn(command[0], command.slice(1), { stdio: 'inherit', env: environment });
  // Ctrl-C reaches the whole process group by itself, so that the program gets it twice and takes both for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`Cannot start ${command[0]}: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + ({ SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1)));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
