import { percentiles } from '../percentiles.ts';
import { closedLoop, type Operation } from './closed-loop.ts';
import { Connection } from './connection.ts';
import { checkpoints, lifecycle } from './operations.ts';
import type { ClientMessage, ClientSpec } from './spec.ts';

const spec = JSON.parse(process.argv[2] ?? '') as ClientSpec;
const connections = Array.from({ length: spec.clients }, () => new Connection(spec.url, spec.apiKey));
let usedBefore = process.cpuUsage();
const { tookMs, latenciesMs, errors, firstError } = await closedLoop({
  operations: connections.map(operation),
  warmUpMs: spec.warmUpMs,
  measureMs: spec.measureMs,
  onStart() {
    usedBefore = process.cpuUsage();
    say({ type: 'start' });
  },
  onProgress: (done, failed) => say({ type: 'progress', done, errors: failed }),
});
for (const connection of connections) connection.close();
const { user, system } = process.cpuUsage(usedBefore);
const cpuSeconds = (user + system) / 1e6;
const latencyMs = percentiles(latenciesMs);
say({ type: 'end', tookMs, cpuSeconds, ops: latenciesMs.length, errors, firstError, latencyMs });

function operation(connection: Connection, index: number): Operation {
  if (spec.workload === 'w1') return lifecycle(connection, spec.directories[index % spec.directories.length] ?? '');
  return checkpoints(
    connection,
    spec.sessionIds.filter((_, at) => at % spec.clients === index),
  );
}

function say(message: ClientMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
