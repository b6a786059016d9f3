import { parseArgs } from 'node:util';
import { startStandIn } from './start-stand-in.ts';

const { values } = parseArgs({
  options: { port: { type: 'string' }, password: { type: 'string' }, state: { type: 'string' } },
});
const password = values.password ?? process.env['OPENCODE_SERVER_PASSWORD'];
const standIn = await startStandIn({
  ...(values.port && { port: Number(values.port) }),
  ...(password && { password }),
  ...(values.state && { stateFile: values.state }),
});
process.stdout.write(`opencode server listening on ${standIn.url}\n`);
process.on('SIGTERM', () => process.exit(143));
