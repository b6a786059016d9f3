import type { ModelFault } from '@oio/scripted-model';
import type { Fault } from './faults.ts';

/** How the stand-in plays a fault: by what it does with the prompt, by what it does to calls, or both. */
export interface Play {
  /** A directive, without its brackets. */
  readonly work: string;
  readonly faults?: readonly Fault[];
  /** Whether the calls meet it from the start, or only once the turn is under way. Default: from the start. */
  readonly once?: 'running';
  /** It keeps its server so busy that the turns of others suffer. */
  readonly heavy?: true;
}

const LONG = 'ms=60000 pieces=120';
const SOME = 'ms=3000 pieces=6';

/** The turns that a faulty model makes, as OpenCode tells and stores them. */
const OF_MODELS: Readonly<Record<ModelFault, string>> = {
  'no-first-token': 'hang',
  'stream-stalls': 'hang=tokens',
  'empty-stream': 'finish=unknown',
  'html-from-provider': 'finish=unknown',
  'garbled-stream': 'error=garbled',
  'answer-truncated': 'finish=length',
  'content-filtered': 'error=filtered',
  'refused-400': 'status=400',
  'refused-401': 'status=401',
  'refused-403': 'status=403',
  'refused-404': 'status=404',
  'provider-fails': 'retry=5 status=503',
  'provider-fails-briefly': 'retry=2',
  'rate-limited-briefly': 'wait=1',
  'rate-limited-for-an-hour': 'wait=3600',
  'quota-used-up': 'retry=5 error=quota',
  'connection-reset-once': 'retry=1',
  'stream-reset-once': 'retry=1 pieces=3',
  'context-overflow': 'error=overflow',
  'context-overflow-once': 'error=overflow fail=1',
  'usage-over-limit': 'steps=2 compact',
  'unknown-tool': 'steps=2 tool=invalid',
  'tool-input-wrong': 'steps=2 tool=error',
  'tool-fails': 'steps=2 tool=exit',
  'tool-never-ends': 'hang=tool',
  'steps-without-end': 'ms=100000 steps=1000',
  'answer-without-end': 'ms=600000 pieces=1200',
  'hostile-text': 'text=hostile',
  'sub-agent-hangs': 'hang=tool children=1',
  'sub-agent-ends-first': 'ms=2000 steps=2 children=1 childms=100',
};

const OF_SERVERS = {
  'first-request-hangs': { work: '', faults: [{ kind: 'hang', times: 1 }] },
  'prompt-lost': { work: 'ignored=lost' },
  'prompt-asleep': { work: 'ignored=asleep' },
  'agent-vanishes': { work: 'ignored=agent' },
  'model-vanishes': { work: 'ignored=model' },
  'busy-late': { work: 'late=1500' },
  'status-empty': { work: SOME, faults: [{ kind: 'empty_object', match: 'GET /session/status' }] },
  'error-stored-late': { work: 'status=400 store=3000' },
  'prompt-answer-lost': { work: '', faults: [{ kind: 'drop', match: 'prompt_async', when: 'after', times: 1 }] },
  'prompt-dropped': { work: '', faults: [{ kind: 'drop', match: 'prompt_async', times: 1 }] },
  'create-answer-lost': {
    work: '',
    faults: [{ kind: 'drop', match: '^POST /session$', when: 'after', times: 1 }],
    once: 'running',
  },
  'permission-asked': { work: 'ask=permission' },
  'question-asked': { work: 'ask=question' },
  'permission-rejected-elsewhere': { work: 'ask=rejected' },
  'abort-ignored': { work: 'hang=tokens', faults: [{ kind: 'yes', match: '/abort$' }] },
  'cost-falls': { work: 'steps=3' },
  'huge-answer': { work: 'bytes=8000000', heavy: true },
  'server-stalls': {
    work: SOME,
    faults: [
      { kind: 'stall', forMs: 8_000 },
      { kind: 'silent_events', forMs: 8_000 },
    ],
    once: 'running',
  },
  'server-wedged': { work: LONG, faults: [{ kind: 'hang' }, { kind: 'silent_events' }], once: 'running' },
  'events-silenced': { work: SOME, faults: [{ kind: 'silent_events' }], once: 'running' },
  'events-cut': { work: SOME, faults: [{ kind: 'cut_events' }], once: 'running' },
  'events-cut-and-silent': { work: 'hang=tokens', faults: [{ kind: 'cut_events' }], once: 'running' },
  'slow-byte': always('slow_byte'),
  'empty-200': always('empty_200'),
  'endless-body': always('endless_body'),
  html: always('html'),
  'wrong-json': always('wrong_json'),
  'broken-json': always('broken_json'),
  'storm-of-500': always('storm_500'),
  'rate-limits-us': always('rate_limited'),
  'errors-briefly': { work: SOME, faults: [{ kind: 'storm_500', times: 3 }], once: 'running' },
  'credentials-refused': always('unauthorized'),
  'request-refused': { work: '', faults: [{ kind: 'bad_request', match: '^POST /session$' }] },
  'no-password': { work: '', faults: [{ kind: 'open_door' }] },
  'conversation-deleted': { work: LONG },
  'turn-aborted-elsewhere': { work: LONG },
  'directory-vanishes': { work: '' },
  'server-killed': { work: 'ms=3000 steps=3' },
  'server-gone': { work: LONG },
  'no-snapshots': { work: '' },
} as const satisfies Readonly<Record<string, Play>>;
export type StandInFault = keyof typeof OF_SERVERS;

function always(kind: Fault['kind']): Play {
  return { work: LONG, faults: [{ kind }], once: 'running' };
}

const PLAYS: ReadonlyMap<string, Play> = new Map<string, Play>([
  ...Object.entries(OF_MODELS).map(([name, work]): [string, Play] => [name, { work }]),
  ...Object.entries<Play>(OF_SERVERS),
]);

/** How a fault is played, by its name; null for one that it does not know. */
export function playOf(name: string): Play | null {
  return PLAYS.get(name) ?? null;
}

/** The directive that a prompt stands for that names a fault: `[[fault no-first-token]]`. */
export function workNamedIn(text: string): string | null {
  const name = /\[\[fault ([\w-]+)\]\]/.exec(text)?.[1];
  return (name !== undefined && playOf(name)?.work) || null;
}
