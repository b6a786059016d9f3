import { type FakeModel, type ModelReply, type ModelRequest, startFakeModel } from './fake-model.ts';

/**
 * A model that does what the first word of the prompt says: `say X`, `hold X` (until released), `bash X`, `both X | Y` (two shells at
 * once), `ask X` (a question) and then says `done`, `task X` (the same order to a sub-agent, then `done`), `flaky STATUS COUNT`
 * (refused so often, then a piece each second), `status 401`, `later SECONDS` (429), `finish length`, `empty`, `silent`, `drip N` (a
 * piece each second).
 */
export function startObedientModel(): Promise<FakeModel> {
  const refusals = new Map<string, number>();
  return startFakeModel((request) => refusal(request, refusals) ?? obey(request));
}

function refusal(request: ModelRequest, refusals: Map<string, number>): ModelReply | null {
  const prompt = promptOf(request);
  const [, status, most] = /^flaky (\d+) (\d+)/.exec(prompt) ?? [];
  const refused = refusals.get(prompt) ?? 0;
  if (refused >= Number(most ?? 0)) return null;
  refusals.set(prompt, refused + 1);
  return { status: Number(status), headers: { 'retry-after': '2' } };
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
    both: (commands: string): ModelReply => ({
      tools: commands.split(' | ').map((command) => ({ tool: 'bash', args: { command, description: 'as told' } })),
    }),
    ask: (question: string): ModelReply => ({ tool: 'question', args: { questions: [questionOf(question)] } }),
    task: (prompt: string): ModelReply => ({
      tool: 'task',
      args: { description: 'as told', prompt, subagent_type: 'general' },
    }),
    status: (status: string): ModelReply => ({ status: Number(status) }),
    finish: (finish: string): ModelReply => ({ text: 'cut', finish }),
    silent: (): ModelReply => ({ silent: true }),
    drip: (count: string): ModelReply => ({ drip: Number(count) }),
    flaky: (): ModelReply => ({ drip: 4 }),
    later: (seconds: string): ModelReply => ({ status: 429, headers: { 'retry-after': seconds } }),
    empty: (): ModelReply => ({ empty: true }),
  }),
);

function questionOf(question: string) {
  const options = ['A', 'B'].map((label) => ({ label, description: `It is ${label}.` }));
  return { question, header: 'Choice', options };
}

/** The text of the last user message, whichever of its two forms it has. */
function promptOf({ messages }: ModelRequest): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content;
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? (content as { text?: string }[]) : [];
  return parts.map(({ text }) => text ?? '').join('');
}
