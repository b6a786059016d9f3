import { type Answer, ok } from './answer.ts';
import { newId } from './new-id.ts';
import { Reply } from './reply.ts';
import type { RouteCall, RouteWorld } from './routes.ts';
import { type ModelRef, NO_USAGE, type Session, type UserInfo } from './wire.ts';

const FAILED: Answer = { status: 500, body: { name: 'UnknownError', data: { message: 'Unexpected server error.' } } };

/** What is sent is answered when its turn has ended; an unknown agent is told by nothing but a failure. */
export async function promptAndWait(world: RouteWorld, session: Session, { body }: RouteCall): Promise<Answer> {
  world.turns.submit(session, { parts: [], ...body });
  await world.turns.whenIdle(session.id);
  const last = world.store.messagesOf(session.id).findLast(({ info }) => info.role === 'assistant');
  return last ? ok(last) : FAILED;
}

/** The one command that there is, `work`, which takes a directive without its brackets. */
export async function runCommand(world: RouteWorld, session: Session, call: RouteCall): Promise<Answer> {
  const { command, arguments: text, model, ...rest } = call.body as Readonly<Record<string, string>>;
  if (command !== 'work') return FAILED;
  const [providerID = '', ...modelID] = (model ?? '').split('/');
  const parts = [{ type: 'text', text: `[[work ${text}]]` }];
  const body = { ...rest, model: { providerID, modelID: modelID.join('/') }, parts };
  return promptAndWait(world, session, { ...call, body });
}

/** Nothing is run; how it exited would not be told anyhow. */
export function runShell(world: RouteWorld, session: Session, { body }: RouteCall): Answer {
  if (isBusy(world, session)) return busy(session);
  const { agent = '', command, model } = body as { agent?: string; command?: string; model?: ModelRef };
  const prompt: UserInfo = {
    id: newId('msg'),
    sessionID: session.id,
    role: 'user',
    agent,
    model: model ?? world.model,
    time: { created: Date.now() },
  };
  world.store.putMessage({ info: prompt, parts: [] });
  const reply = new Reply(world, session.directory, prompt);
  reply.beginTool('bash', { command })({ status: 'completed', output: '' });
  reply.finish('stop', NO_USAGE);
  return ok(world.store.messagesOf(session.id).at(-1));
}

/** As in a directory without git: it changes nothing. */
export function revert(world: RouteWorld, session: Session): Answer {
  return isBusy(world, session) ? busy(session) : ok(session);
}

function isBusy({ turns }: RouteWorld, { id, directory }: Session): boolean {
  return id in turns.statuses(directory);
}

function busy({ id }: Session): Answer {
  return { status: 409, body: { _tag: 'SessionBusyError', sessionID: id } };
}
