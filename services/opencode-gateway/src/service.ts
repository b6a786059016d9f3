import { abortAttempt, diffWorkspace, executeAttempt, inspectPlace, serverAnnounced } from '@oio/contracts';
import { type Bus, type Handlers, serveAll } from '@oio/messaging';
import { createSessionRouter, type OwnerDirectory } from '@oio/ownership';
import type { Database } from '@oio/persistence';
import type { Logger } from '@oio/runtime';
import { createPostgresLeftoverRuns } from './adapters/postgres-leftover-runs.ts';
import { Attempts } from './attempts/attempts.ts';
import { endLeftovers } from './attempts/leftovers.ts';
import { createCatalogue } from './catalogue.ts';
import type { OpencodeGatewayConfig, OpencodeGatewaySetting } from './config.ts';
import { answerInspectPlace, type Located } from './inspect-place.ts';
import { startManagedLink } from './managed-link.ts';
import { repeat } from './repeat.ts';
import type { ServerLink } from './server-link.ts';
import { shareAnswers } from './share-answers.ts';
import { answerUnattended } from './unattended.ts';
import { createKeyedMutex } from './workspaces/keyed-mutex.ts';
import { createWorkspaces } from './workspaces/workspaces.ts';

const ANNOUNCE_MS = 1_000;
const LEFTOVERS_MS = 5_000;

export interface OpencodeGatewayPorts {
  readonly bus: Bus;
  readonly directory: OwnerDirectory;
  readonly database: Database;
  readonly logger: Logger;
}

/** Starts one opencode-gateway with its managed OpenCode server. Throws `StartupError`. */
export async function startOpencodeGateway(
  config: OpencodeGatewayConfig,
  setting: OpencodeGatewaySetting,
  ports: OpencodeGatewayPorts,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { bus, directory, database, logger } = ports;
  const router = createSessionRouter(bus, directory);
  const workspaces = createWorkspaces({
    environment: setting.environment,
    roots: setting.roots,
    worktreesDirectory: setting.worktreesDirectory,
  });
  const { link, neutralDirectory } = stack.use(await startManagedLink(config, setting, logger));
  const catalogue = createCatalogue(link, neutralDirectory);
  const attempts = stack.use(
    new Attempts({ link, bus, router, workspaces, catalogue, opening: createKeyedMutex(), logger }),
  );

  const inspection = { workspaces, catalogue, roots: setting.roots, shared: shareAnswers<Located>() };
  for (const unserve of await serve(bus, link, {
    executeAttempt: ({ payload }) => attempts.execute(payload),
    abortAttempt: ({ payload }) => attempts.abort(payload.sessionId, payload.token),
    diffWorkspace: async ({ payload }) => {
      const diff = await workspaces.diffWorkspace(payload);
      return { diff: diff && { ...diff, files: [...diff.files] } };
    },
    inspectPlace: ({ payload }) => answerInspectPlace(inspection, payload),
  }))
    stack.defer(unserve);

  const stopping = new AbortController();
  // Ends by the signal only.
  const answering = answerUnattended(link, logger, stopping.signal).catch(() => {});
  stack.defer(async () => {
    stopping.abort();
    await answering;
  });
  const runs = createPostgresLeftoverRuns(database);
  stack.defer(repeat(ANNOUNCE_MS, () => announce(bus, link, config), logger));
  stack.defer(repeat(LEFTOVERS_MS, () => endLeftovers({ link, runs, attempts, router, logger }), logger));
  return stack.move();
}

type Served = typeof ofServer & typeof ofAny;
const ofServer = { executeAttempt, abortAttempt, diffWorkspace };
const ofAny = { inspectPlace };

/** What concerns a server's sessions is asked at its address; anybody can say what a place is like. */
async function serve(bus: Bus, link: ServerLink, handlers: Handlers<Served>) {
  return [
    await serveAll(bus, ofServer, handlers, { at: `server.${link.serverId}` }),
    await serveAll(bus, ofAny, handlers),
  ];
}

async function announce(bus: Bus, link: ServerLink, config: OpencodeGatewayConfig): Promise<void> {
  bus.announce(serverAnnounced, {
    serverId: link.serverId,
    healthy: link.up,
    capacity: config.OPENCODE_SERVER_CAPACITY,
    version: null,
    detail: link.up ? null : 'It is being started again.',
  });
}
