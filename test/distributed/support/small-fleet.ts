import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '@oio/sdk';
import { type StandIn, startStandIn } from '../../stand-in/start-stand-in.ts';
import { API_KEY, type Backing, startBacking } from './backing.ts';
import { type Environment, ServiceProcess } from './service-process.ts';

/** What it takes to run sessions, each service as a process of its own, on one stand-in of an OpenCode server. */
export interface SmallFleet extends AsyncDisposable {
  readonly backing: Backing;
  readonly standIn: StandIn;
  readonly client: Client;
  readonly url: string;
  /** A project to work in. */
  readonly directory: string;
  /** One more process of a service; resolves when it is ready. */
  start(service: string): Promise<ServiceProcess>;
  /** The prompts that the conversation of a session holds. */
  promptsOf(sessionId: string): Promise<string[]>;
}

/** With an http-gateway and an opencode-gateway; the rest is for the test to start. */
export async function startSmallFleet(capacity = 4): Promise<SmallFleet> {
  await using stack = new AsyncDisposableStack();
  const backing = stack.use(await startBacking());
  const standIn = stack.use(await startStandIn());
  const directory = join(backing.directory, 'project');
  await mkdir(directory);
  const start = async (service: string): Promise<ServiceProcess> => {
    const environment = { ...backing.environmentOf(service), ...serversOf(standIn, capacity) };
    const process = all.use(new ServiceProcess(service, environment));
    await process.ready();
    return process;
  };
  const all = stack.use(new AsyncDisposableStack());
  const [http] = await Promise.all([start('http-gateway'), start('opencode-gateway')]);
  const url = String((await http.said('http-gateway started'))['url']);
  const client = stack.use(createClient({ url, apiKey: API_KEY }));
  const owned = stack.move();
  return {
    backing,
    standIn,
    client,
    url,
    directory,
    start,
    async promptsOf(id) {
      const { attempt } = await client.getSession({ id });
      return promptsAt(standIn, attempt?.openCodeSessionId ?? '');
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function serversOf({ url, password }: StandIn, capacity: number): Environment {
  return { OPENCODE_SERVERS: JSON.stringify([{ id: 'stand-in', url, password, capacity }]) };
}

interface Message {
  readonly info: { readonly role: string };
  readonly parts: readonly { readonly text?: string }[];
}

async function promptsAt({ url, password }: StandIn, openCodeSessionId: string): Promise<string[]> {
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`;
  const response = await fetch(`${url}/session/${openCodeSessionId}/message`, { headers: { authorization } });
  const messages = (await response.json()) as Message[];
  return messages
    .filter(({ info }) => info.role === 'user')
    .map(({ parts }) => parts.map(({ text }) => text ?? '').join(''));
}
