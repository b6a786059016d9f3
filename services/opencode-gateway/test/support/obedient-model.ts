import { type FakeModel, type ModelReply, type ModelRequest, startFakeModel } from './fake-model.ts';

/**
 * A model that does what the first word of the prompt says: `say X`, `hold X` (until released), `bash X` and then says
 * `done`, `task X` (the same order to a sub-agent, then `done`), `status 401`, `later SECONDS` (429), `finish length`, `empty`, `silent`, `drip N` (a piece each second).
 */
export function startObedientModel(): Promise<FakeModel> {
  return startFakeModel(obey);
}

function obey(request: ModelRequest): ModelReply {
  const [, order = '', rest = ''] = /^(\w+) ?(.*)$/s.exec(promptOf(request)) ?? [];
  if (request.messages.at(-1)?.role === 'tool') return { text: 'done' };
  return ORDERS.get(order)?.(rest) ?? { text: 'done' };
}

const ORDERS: ReadonlyMap<string, (rest: string) => ModelReply> = new Map(
  Object.entries({
    say: (text: string): ModelReply => ({ text }),
    hold: (text: string): ModelReply => ({ hold: text }),
    bash: (command: string): ModelReply => ({ tool: 'bash', args: { command, description: 'as told' } }),
    task: (prompt: string): ModelReply => ({
      tool: 'task',
      args: { description: 'as told', prompt, subagent_type: 'general' },
    }),
    status: (status: string): ModelReply => ({ status: Number(status) }),
    finish: (finish: string): ModelReply => ({ text: 'cut', finish }),
    silent: (): ModelReply => ({ silent: true }),
    drip: (count: string): ModelReply => ({ drip: Number(count) }),
    later: (seconds: string): ModelReply => ({ status: 429, headers: { 'retry-after': seconds } }),
    empty: (): ModelReply => ({ empty: true }),
  }),
);

/** The text of the last user message, whichever of its two forms it has. */
function promptOf({ messages }: ModelRequest): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content;
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? (content as { text?: string }[]) : [];
  return parts.map(({ text }) => text ?? '').join('');
}
