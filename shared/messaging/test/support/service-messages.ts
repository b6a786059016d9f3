import {
  abortAttempt,
  clientCommands,
  confirmAttempts,
  createGraph,
  createSessions,
  diffWorkspace,
  type EventContract,
  executeAttempt,
  explainWaiting,
  historyGrown,
  inspectPlace,
  internalCommands,
  keepServer,
  limitsChanged,
  type LiveContract,
  metricsExposition,
  quotasChanged,
  type RequestContract,
  registerServer,
  removeServer,
  serverAnnounced,
  sessionCommands,
  sessionEvents,
  sessionMetrics,
  sessionOutput,
  snapshotWorkspace,
  revertSession,
  workerAnnounced,
  workerEnded,
} from '@oio/contracts';

/** A request, and where it is asked: at the queue group, or at an address. */
export interface Place {
  readonly contract: RequestContract;
  readonly at?: string;
}

/** What a service says and hears. */
export interface ServiceMessages {
  readonly asks: readonly Place[];
  readonly serves: readonly Place[];
  readonly publishes: readonly EventContract[];
  readonly follows: readonly EventContract[];
  readonly announces: readonly LiveContract[];
  readonly hears: readonly LiveContract[];
}

const {
  dispatch,
  'fire-timer': fireTimer,
  adopt,
  'give-up': giveUp,
  'settle-dependencies': settle,
  supersede,
} = internalCommands;
const reports = Object.entries(internalCommands).flatMap(([name, contract]) =>
  name.startsWith('report-') ? [contract as RequestContract] : [],
);
const attempts = [executeAttempt, abortAttempt];
const atGateways = [
  ...placed(attempts, 'server.s'),
  ...placed([diffWorkspace, snapshotWorkspace, revertSession], 'server.s'),
  ...placed([...attempts, diffWorkspace, snapshotWorkspace, revertSession, inspectPlace], 'gateway.g'),
];

export const allEvents: readonly EventContract[] = Object.values(sessionEvents) as EventContract[];
export const allLive: readonly LiveContract[] = [
  historyGrown,
  limitsChanged,
  quotasChanged,
  serverAnnounced,
  sessionOutput,
  workerAnnounced,
  workerEnded,
];

const nothing: ServiceMessages = { asks: [], serves: [], publishes: [], follows: [], announces: [], hears: [] };

const makings = [createGraph, createSessions];
/** Asked every now and then by itself: no use to anybody later. */
const periodic = [...placed([confirmAttempts], 'gateway.g'), ...placed([keepServer], 'keeper.k')];
/** What may be replayed when it could not be used. */
const replayable = [
  ...commands(Object.values(sessionCommands)),
  ...atGateways,
  ...commands(makings),
  ...placed([explainWaiting, inspectPlace, registerServer, removeServer, metricsExposition, sessionMetrics]),
];

export const allRequests: readonly Place[] = [...replayable, ...periodic];

/** By the user of the service. */
export const serviceMessages: Readonly<Record<string, ServiceMessages>> = {
  'http-gateway': {
    ...nothing,
    // It replays what others could not use.
    asks: replayable,
    publishes: allEvents,
    announces: [limitsChanged, quotasChanged],
    hears: [historyGrown, serverAnnounced, sessionOutput, workerAnnounced, workerEnded],
  },
  'session-actor': {
    asks: [
      ...commands(Object.values(sessionCommands)),
      ...placed([...attempts, snapshotWorkspace, revertSession], 'server.s'),
      ...placed([...attempts, confirmAttempts, inspectPlace, snapshotWorkspace, revertSession], 'gateway.g'),
      ...commands(makings),
      ...placed([inspectPlace]),
    ],
    serves: commands([...Object.values(sessionCommands), ...makings]),
    publishes: allEvents,
    follows: [],
    announces: [historyGrown, workerAnnounced, workerEnded],
    hears: [historyGrown, serverAnnounced, workerAnnounced, workerEnded],
  },
  scheduler: {
    ...nothing,
    serves: placed([explainWaiting]),
    asks: commands([clientCommands.create, dispatch, fireTimer, adopt, giveUp, settle, supersede]),
    announces: [workerEnded],
    hears: [historyGrown, limitsChanged, quotasChanged, serverAnnounced, workerAnnounced, workerEnded],
  },
  'opencode-gateway': {
    ...nothing,
    // An order that another gateway carries out already is passed on to it.
    asks: [...commands(reports), ...placed(attempts, 'gateway.g'), ...placed([keepServer], 'keeper.k')],
    serves: [...atGateways, ...placed([inspectPlace, registerServer, removeServer]), ...periodic],
    announces: [serverAnnounced, sessionOutput],
    hears: [serverAnnounced, workerAnnounced, workerEnded],
  },
  metrics: { ...nothing, serves: placed([metricsExposition, sessionMetrics]), follows: allEvents },
  publisher: { ...nothing, asks: placed([clientCommands.create]) },
};

/** Commands go to any worker, or to the owner. */
function commands(contracts: readonly RequestContract[]): Place[] {
  return [...placed(contracts), ...placed(contracts, 'worker.w')];
}

function placed(contracts: readonly RequestContract[], at?: string): Place[] {
  return contracts.map((contract) => (at === undefined ? { contract } : { contract, at }));
}
