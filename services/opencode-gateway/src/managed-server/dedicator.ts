import type { Logger } from '@oio/runtime';
import { OpencodeAgentServer } from '../adapters/opencode-agent-server.ts';
import type { AttemptsParts } from '../attempts/attempts.ts';
import type { Cgroups } from '../cgroups/find-cgroups.ts';
import type { OpencodeGatewaySetting } from '../config.ts';
import type { KnownServer } from '../fleet.ts';
import type { AgentServer } from '../ports.ts';
import { copyConversation } from './copy-conversation.ts';
import { type DedicatedServer, openDedicatedServer } from './dedicated-server.ts';
import { conversationDatabase } from './kept-conversations.ts';
import { startOwnServer } from './start-own-server.ts';

export interface DedicatorParts {
  readonly setting: OpencodeGatewaySetting;
  readonly cgroups: () => Promise<Cgroups>;
  readonly connect: ((server: KnownServer) => AgentServer) | undefined;
  readonly logger: Logger;
}

/** Starts servers for one attempt each, like those of the pool, beside these. */
export function dedicator({ setting, cgroups, connect, logger }: DedicatorParts): AttemptsParts['dedicate'] {
  const known = { capacity: 1, managed: true, draining: null };
  return (order, signal): Promise<DedicatedServer> =>
    openDedicatedServer(
      {
        root: setting.serverDirectory,
        cgroups,
        start: (where) => startOwnServer({ ...setting, ...where, port: undefined }),
        bring: async ({ directory, source }) => {
          const from = conversationDatabase(setting.serverDirectory, source);
          if (from) await copyConversation({ from, directory, environment: setting.environment });
        },
        connect: ({ id, url, password }) =>
          connect ? connect({ id, url, password, ...known }) : new OpencodeAgentServer({ url, password }),
        logger,
      },
      order,
      signal,
    );
}
