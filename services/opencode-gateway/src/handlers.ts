import {
  abortAttempt,
  confirmAttempts,
  diffWorkspace,
  executeAttempt,
  inspectPlace,
  type PayloadOf,
  type ReplyOf,
  revertSession,
  snapshotWorkspace,
} from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import { type Bus, type Handlers, serveAll } from '@oio/messaging';
import { gatewayAddress } from '@oio/ownership';
import type { Attempts } from './attempts/attempts.ts';
import type { Gate, RunFences } from './attempts/gate.ts';
import { revertSession as revert } from './attempts/revert-session.ts';
import type { Fleet, Linked } from './fleet.ts';
import { answerInspectPlace, type InspectPlaceParts, type Located } from './inspect-place.ts';
import { shareAnswers } from './share-answers.ts';
import type { Workspaces } from './workspaces/workspaces.ts';

export interface HandlerParts {
  readonly bus: Bus;
  readonly attempts: Attempts;
  readonly workspaces: Workspaces;
  readonly linkedTo: (serverId: string) => Linked | null;
  readonly gate: Gate;
  readonly fences: RunFences;
  readonly roots: readonly string[];
  readonly cgroups: InspectPlaceParts['cgroups'];
}

/** What concerns one session: asked of whoever reaches its server, or of the gateway that runs it. */
const ofSession = { executeAttempt, abortAttempt, diffWorkspace, snapshotWorkspace, revertSession };
const ofGateway = { ...ofSession, confirmAttempts, inspectPlace };
const ofAny = { inspectPlace };

/** Takes part in what concerns the sessions of one server. */
export function serveServer(parts: HandlerParts, { link }: Linked): Promise<() => Promise<void>> {
  return serveAll(parts.bus, ofSession, sessionHandlers(parts), { at: `server.${link.serverId}` });
}

/** What concerns the runs that this gateway has, at its own address; and what any gateway can answer. */
export async function serveGateway(parts: HandlerParts, fleet: Fleet, gateway: string): Promise<() => Promise<void>> {
  const { bus, attempts, workspaces, roots, cgroups } = parts;
  const shared = shareAnswers<Located>();
  const catalogue = async () => anyOf(fleet).catalogue();
  const handlers: Handlers<typeof ofGateway> = {
    ...sessionHandlers(parts),
    confirmAttempts: async ({ payload }) => ({ missing: attempts.missing(payload.attempts) }),
    inspectPlace: ({ payload }) => answerInspectPlace({ workspaces, catalogue, roots, cgroups, shared }, payload),
  };
  const ends = [
    await serveAll(bus, ofGateway, handlers, { at: gatewayAddress(gateway) }),
    await serveAll(bus, ofAny, handlers),
  ];
  return async () => {
    await Promise.all(ends.map((end) => end()));
  };
}

function sessionHandlers(parts: HandlerParts): Handlers<typeof ofSession> {
  const { attempts, workspaces } = parts;
  return {
    executeAttempt: ({ payload }) => attempts.execute(payload),
    abortAttempt: ({ payload, envelope }) => attempts.abort(payload, envelope.tenant),
    diffWorkspace: ({ payload }) => answerDiff(workspaces, payload),
    snapshotWorkspace: async ({ payload }) => ({ commit: await workspaces.snapshotWorkspace(payload) }),
    revertSession: ({ payload }) => revert(parts, payload),
  };
}

async function answerDiff(
  workspaces: Workspaces,
  payload: PayloadOf<typeof diffWorkspace>,
): Promise<ReplyOf<typeof diffWorkspace>> {
  const diff = await workspaces.diffWorkspace(payload);
  return { diff: diff && { ...diff, files: [...diff.files] } };
}

function anyOf(fleet: Fleet): Linked {
  const [linked] = fleet.up();
  if (linked) return linked;
  throw new UnavailableError('No OpenCode server can be reached at the moment.', {
    code: 'server_down',
    retryAfterMs: 2_000,
  });
}
