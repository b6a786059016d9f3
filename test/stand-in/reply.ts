import type { EventHub } from './event-hub.ts';
import { newId } from './new-id.ts';
import type { Store } from './store.ts';
import {
  type AssistantInfo,
  type Message,
  NO_USAGE,
  type Part,
  type Usage,
  type UserInfo,
  type WireError,
} from './wire.ts';

/** One assistant message while it grows: every change is stored first and then told, as OpenCode does. */
export class Reply {
  readonly #store: Store;
  readonly #hub: EventHub;
  readonly #directory: string;
  #info: AssistantInfo;
  readonly #parts: Part[] = [];

  constructor(
    { store, hub }: { readonly store: Store; readonly hub: EventHub },
    directory: string,
    prompt: UserInfo,
    { summary = false } = {},
  ) {
    this.#store = store;
    this.#hub = hub;
    this.#directory = directory;
    this.#info = {
      id: newId('msg'),
      sessionID: prompt.sessionID,
      role: 'assistant',
      parentID: prompt.id,
      ...prompt.model,
      agent: prompt.agent,
      mode: prompt.agent,
      path: { cwd: directory, root: directory },
      time: { created: Date.now() },
      ...(summary && { summary }),
      ...NO_USAGE,
    };
    this.#keep();
    this.#tellInfo();
    this.#part({ type: 'step-start' });
  }

  /** The text is lost in a crash until it is whole: only its begin is stored, and its pieces are told. */
  beginText(): { readonly piece: (text: string) => void; readonly end: (text: string) => void } {
    const part = this.#part({ type: 'text', text: '' });
    const { sessionID, messageID, id } = part;
    const piece = (text: string): void =>
      this.#tell('message.part.delta', { sessionID, messageID, partID: id, field: 'text', delta: text });
    return {
      piece,
      end: (text) => {
        piece(text);
        this.#replace({ ...part, text, time: { start: this.#info.time.created, end: Date.now() } });
      },
    };
  }

  beginTool(tool: string, input: Readonly<Record<string, unknown>>): (end: Readonly<Record<string, unknown>>) => void {
    const call = { type: 'tool', callID: newId('prt').replace('prt', 'call'), tool };
    const start = Date.now();
    const part = this.#part({ ...call, state: { status: 'running', input, time: { start } } });
    return (end) => this.#replace({ ...part, state: { input, title: tool, time: { start, end: Date.now() }, ...end } });
  }

  finish(reason: string, usage: Usage): void {
    this.#part({ type: 'step-finish', reason, ...usage });
    this.#end({ finish: reason, ...usage });
  }

  endUnfinished(): void {
    this.#end({});
  }

  /** A tool that was running ends with it; OpenCode tells of the error before it stores it. */
  fail(error: WireError): void {
    for (const part of this.#parts) {
      const state = part['state'] as { readonly status: string } | undefined;
      if (state?.status === 'running') this.#replace({ ...part, state: { ...state, ...ABORTED_TOOL } });
    }
    this.#end({ error });
  }

  #end(change: Partial<AssistantInfo>): void {
    this.#info = { ...this.#info, ...change, time: { ...this.#info.time, completed: Date.now() } };
    this.#keep();
    this.#tellInfo();
  }

  #part(content: { readonly type: string; readonly [field: string]: unknown }): Part {
    const part = { id: newId('prt'), sessionID: this.#info.sessionID, messageID: this.#info.id, ...content };
    this.#parts.push(part);
    this.#keep();
    this.#tell('message.part.updated', { part });
    return part;
  }

  #replace(part: Part): void {
    this.#parts[this.#parts.findIndex(({ id }) => id === part.id)] = part;
    this.#keep();
    this.#tell('message.part.updated', { part });
  }

  #keep(): void {
    const message: Message = { info: this.#info, parts: [...this.#parts] };
    this.#store.putMessage(message);
  }

  #tellInfo(): void {
    this.#tell('message.updated', { info: this.#info });
  }

  #tell(type: string, properties: unknown): void {
    this.#hub.publish(this.#directory, type, properties);
  }
}

const ABORTED_TOOL = { status: 'completed', output: 'User aborted the command', metadata: { exit: null } };
