import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBareApp } from '@oio/http-gateway/testing';

const server = createServer(createBareApp(process.env['API_KEY'] ?? '')).listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`);
});
process.once('SIGTERM', () => process.exit(0));
