/** What the real server does to whoever takes its answers at their word. */
export interface Trap {
  readonly says: string;
  /** Beside the faults that play it: file, under `services/opencode-gateway/test` unless it begins with `test/`, without `.ts`, and title. */
  readonly tests: readonly (readonly [file: string, title: string])[];
}

/** Of 1.18.33, by their numbers. Measured. */
export const TRAPS: Readonly<Record<number, Trap>> = {
  1: {
    says: 'The first request during its start is never answered.',
    tests: [
      [
        'managed-server/start-managed-server.test',
        'a stopped server leaves nothing running and its sessions on disk; its tools never see a secret',
      ],
      ['adapters/opencode-http.test', 'an answer that never comes is a time-out'],
    ],
  },
  2: {
    says: '204 to a prompt does not mean that it is accepted; an unknown agent never comes to an end.',
    tests: [
      ['turn/verdict.unit', 'an unknown agent shows only as an event, and is final'],
      ['turn/verdict.unit', 'a stored prompt that nobody works on has never started'],
      ['real-server/opencode-agent-server', 'is accepted, and told by an event only'],
    ],
  },
  3: {
    says: 'Its status says idle right after the 204, from another directory, and after a crash.',
    tests: [
      ['turn/verdict.unit', 'a prompt that was handed over a moment ago is given time to appear'],
      ['turn/turn-reader.unit', 'a turn that stands still is interrupted only after it was seen so twice'],
      ['turn/turn-reader.unit', 'after a restart of the server nothing is waited for, until it is resumed'],
    ],
  },
  4: {
    says: 'Every failure is told as two ends, and the first comes before the error is stored.',
    tests: [
      ['turn/verdict-broken-off.unit', 'idle before the error is stored is not yet interrupted'],
      ['turn/turn-reader.unit', 'a session that just stopped being busy gets time to write down why'],
      ['turn/turn-reader.unit', 'of an error that is told twice the first telling counts'],
    ],
  },
  5: {
    says: 'An error event is not always the end: after an overflow it sums up and goes on.',
    tests: [
      ['turn/verdict-broken-off.unit', 'an overflow is followed by a compaction, so it is not final at once'],
      ['turn/verdict-broken-off.unit', 'two overflows may be followed by a summary that is short enough'],
    ],
  },
  6: {
    says: 'The same message id again appends the text, even across sessions.',
    tests: [
      ['real-server/adoption', 'when a gateway ends in mid-turn another one adopts the turn: one prompt, one result'],
      [
        'real-server/late-prompt',
        'a prompt that comes after its session was deleted reaches no model, also under an id that another session uses',
      ],
      ['real-server/opencode-agent-server', 'resuming what is finished asks the model nothing and stores nothing'],
    ],
  },
  7: {
    says: 'Empty answers of the model are asked for again at once, for ever.',
    tests: [
      ['turn/verdict-broken-off.unit', 'three empty answers in a row are an endless loop that has to be aborted'],
      ['real-server/opencode-agent-server', 'a model that answers nothing is found out while it loops'],
    ],
  },
  8: {
    says: '`retry-after` is obeyed without a limit, and a silent model for half an hour.',
    tests: [
      ['turn/verdict-broken-off.unit', 'a provider that wants an hour is given up, to be tried later'],
      ['turn/liveness.unit', 'one that never begins is dead'],
    ],
  },
  9: {
    says: 'A pending permission or question waits for ever, called busy.',
    tests: [
      ['gateways/approvals.test', 'no clock strikes while a turn waits for a person'],
      ['real-server/approvals', 'a question of the agent gets its answer'],
      ['test/distributed/approvals.test', 'at its deadline the scheduler has the default given, and the turn goes on'],
      [
        'test/distributed/approvals.test',
        'what a server forgot when it was started anew is withdrawn, and what it asks then is answered',
      ],
    ],
  },
  10: {
    says: 'Deleting a session does not stop its turn.',
    tests: [
      ['attempts/stop-turn', 'a prompt that somebody may still send finds no conversation'],
      ['gateways/stopping.test', 'a prompt that a frozen gateway sends after the stop was shown lands nowhere'],
    ],
  },
  11: {
    says: 'Commands live on when the server dies.',
    tests: [
      [
        'managed-server/end-processes',
        'a stubborn process ends, with its children, those in other sessions, and those that it lost',
      ],
      [
        'managed-server/end-turn-processes',
        'what the tools of a session have left is ended wherever it hides, and nothing of another session',
      ],
    ],
  },
  12: {
    says: 'The cost of a session can fall.',
    tests: [
      ['turn/verdict.unit', 'a finished turn counts all its steps'],
      [
        'attempts/turn-account.unit',
        'steps of sub-agents are told, at whatever depth, each once; those of the turn are reported by themselves',
      ],
    ],
  },
  13: {
    says: 'Without git there are no snapshots: its diff is empty, its revert does nothing and says nothing.',
    tests: [
      ['workspaces/snapshot-workspace', 'without git there is none'],
      ['workspaces/diff-workspace', 'in place without a commit everything is new, without git there is no diff'],
      ['workspaces/restore-workspace', 'files in place are not for us to take back'],
    ],
  },
  14: {
    says: 'A directory that is not there is accepted.',
    tests: [
      ['workspaces/inspect-directory', 'a path that is no directory is refused'],
      [
        'workspaces/prepare-workspace',
        'what cannot be prepared is refused with a typed error and leaves nothing behind',
      ],
    ],
  },
  15: {
    says: 'Repositories with the same first commit share one list of sessions.',
    tests: [['workspaces/workspaces', 'sessions of two processes on one repository do not disturb each other']],
  },
  16: {
    says: '`always` holds for other sessions too.',
    tests: [
      [
        'real-server/approvals',
        'what one session was allowed another one asks for again; denied with a message it is not run, and the agent goes on',
      ],
    ],
  },
  17: {
    says: 'A model that is not there poisons the session.',
    tests: [
      ['turn/verdict.unit', 'an unknown model fails the turn for good'],
      ['real-server/opencode-agent-server', 'is accepted, and told by an event only'],
    ],
  },
  18: {
    says: 'An unknown path is answered 200 and HTML, the abort of an unknown id 200.',
    tests: [
      ['adapters/opencode-http.test', 'a web page is no answer'],
      ['attempts/stop-turn', 'a turn that goes on in spite of it is no proof'],
    ],
  },
  19: {
    says: 'Opening directories blocks the whole server, and many of them wedge it.',
    tests: [
      [
        'open-directory.unit',
        'two gateways open the directories of a server one at a time, and each only once until it is started anew',
      ],
      ['fleet.test', 'a server is served while it answers, and only then'],
      [
        'managed-server/look-after.unit',
        'a server that fails to answer takes no attempts, and is started anew after the third time',
      ],
    ],
  },
  20: {
    says: 'A model is named by other fields here than there; the wrong one is a 400 without a reason.',
    tests: [
      ['test/stand-in/conformance.test', 'the calls that a gateway makes'],
      ['adapters/opencode-wire.unit', 'what the SDK describes is what we read'],
    ],
  },
  21: {
    says: 'A truncated answer and a rejected permission look like success.',
    tests: [
      ['turn/verdict.unit', 'an answer cut off at the limit is no success'],
      ['turn/verdict.unit', 'a rejected permission ends a turn like a success and is none'],
      ['turn/verdict.unit', 'a dismissed question ends a turn like a success and is none'],
    ],
  },
  22: {
    says: 'Sessions of sub-agents tell of ends of their own.',
    tests: [
      ['turn/turn-reader.unit', 'events of other sessions are none of its business'],
      ['turn/turn-reader.unit', 'what its sub-sessions do, at whatever depth, keeps a tool that waits for them alive'],
    ],
  },
  23: {
    says: '`--port 0` is 4096.',
    tests: [
      [
        'managed-server/server-pool.test',
        'two servers are kept apart; one that is killed comes back, and the other does not notice',
      ],
    ],
  },
  24: {
    says: 'No body is too large.',
    tests: [
      ['adapters/opencode-http.test', 'an endless body is cut off'],
      ['adapters/opencode-event-stream.test', 'an event without end does not fill the memory'],
    ],
  },
};

/** Where a test of a trap stands, from the root of the repository. */
export function fileOf(file: string): string {
  return `${file.startsWith('test/') ? '' : 'services/opencode-gateway/test/'}${file}.ts`;
}
