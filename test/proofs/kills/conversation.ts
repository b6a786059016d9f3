import { z } from 'zod';
import { askServer, type ManagedServerState } from '../../faults/managed-server.ts';

const part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  tool: z.string().optional(),
  state: z
    .looseObject({
      status: z.string(),
      input: z.looseObject({ command: z.string().optional() }).optional(),
      output: z.string().optional(),
    })
    .optional(),
});
const message = z.looseObject({
  info: z.looseObject({
    id: z.string(),
    role: z.string(),
    parentID: z.string().optional(),
    finish: z.string().optional(),
    error: z.unknown().optional(),
    time: z.looseObject({ completed: z.number().optional() }),
  }),
  parts: z.array(part),
});
export type StoredMessage = z.output<typeof message>;
export type StoredPart = z.output<typeof part>;

/** What OpenCode has stored of a conversation, past the orchestrator. */
export async function readConversation(
  server: ManagedServerState,
  { id, directory }: { readonly id: string; readonly directory: string },
): Promise<readonly StoredMessage[]> {
  const response = await askServer(server, `/session/${id}/message?directory=${encodeURIComponent(directory)}`);
  if (!response.ok) throw new Error(`OpenCode answers ${response.status} to the messages of ${id}.`);
  return z.array(message).parse(await response.json());
}

/** The sessions that work in a directory. */
export async function workingIn(server: ManagedServerState, directory: string): Promise<readonly string[]> {
  const response = await askServer(server, `/session/status?directory=${encodeURIComponent(directory)}`);
  return Object.keys(z.record(z.string(), z.unknown()).parse(await response.json()));
}
