import type { SessionOutput, Status } from '@oio/contracts';
import type { Client } from '@oio/sdk';
import { isLiving } from './living.ts';
import { printable } from './printable.ts';
import { eventLine } from './show-session.ts';

/** Prints a session's history as it grows and what its agent says, until it has ended and no retry is due. */
export async function watchSession(
  client: Pick<Client, 'stream' | 'getSession'>,
  id: string,
  out: NodeJS.WritableStream,
): Promise<Status> {
  const live = new LiveText(out);
  for await (const message of client.stream(id)) {
    if (message.kind === 'output') {
      live.show(message.output);
      continue;
    }
    live.line(eventLine(message.event));
    const ended = endOf(message.event.data);
    if (!ended) continue;
    const { retryAt, failure } = await client.getSession({ id });
    if (retryAt !== null) continue;
    if (failure) live.line(`    ${printable(failure.advice)}`);
    return ended;
  }
  return (await client.getSession({ id })).status;
}

/** What an agent says comes in pieces without line ends; everything else begins a line of its own. */
class LiveText {
  readonly #out: NodeJS.WritableStream;
  #inLine = false;

  constructor(out: NodeJS.WritableStream) {
    this.#out = out;
  }

  show({ kind, text, tool, state }: SessionOutput): void {
    if (kind === 'tool' && state === 'running') this.line(`    ${tool}: ${printable(text)}`);
    if (kind !== 'text') return;
    this.#out.write(printable(text));
    this.#inLine = !text.endsWith('\n');
  }

  line(text: string): void {
    this.#out.write(`${this.#inLine ? '\n' : ''}${text}\n`);
    this.#inLine = false;
  }
}

function endOf(data: object): Status | null {
  const { to } = data as { to?: Status };
  return to && !isLiving(to) ? to : null;
}
