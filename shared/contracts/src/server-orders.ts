import { z } from 'zod';
import { requestContract } from './contract.ts';
import { boundedText, integer, text } from './fields.ts';

/** A server that somebody else runs and sessions may work on. */
export const newServer = z.strictObject({
  id: text('id').regex(/^[A-Za-z0-9_-]{1,128}$/, 'id must be letters, digits, _ and -.'),
  url: boundedText('url', 1, 2_000).refine(
    isAddress,
    'url must be http:// or https:// and a host, alone: no path, no password.',
  ),
  password: text('password')
    .min(1, 'A server without a password is not used.')
    .max(1_000, 'password must have at most 1,000 characters.'),
  capacity: integer('capacity', 1, 1_000, 'sessions').default(8).describe('Sessions at the same time.'),
});
export type NewServer = z.output<typeof newServer>;

/** Asked of any opencode-gateway: they alone can seal the password. */
export const registerServer = requestContract({
  subject: 'server.register',
  summary:
    'Enter an OpenCode server that somebody else runs, or what is new about it, once it has been seen to be in order.',
  payload: newServer,
  reply: z.object({ registered: z.literal(true) }),
});

/** Asked of any opencode-gateway. */
export const removeServer = requestContract({
  subject: 'server.remove',
  summary: 'Forget an OpenCode server that somebody else runs, once it is drained and no attempt on it is open.',
  payload: z.object({ serverId: newServer.shape.id }),
  reply: z.object({ removed: z.literal(true) }),
});

function isAddress(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, origin } = new URL(url);
  return /^https?:$/.test(protocol) && origin === url.replace(/\/$/, '');
}
