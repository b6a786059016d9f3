import type { StandInFault } from '../stand-in/named-faults.ts';
import type { NamedFault } from './named-fault.ts';

type ServerRow = Omit<NamedFault, 'name' | 'side'>;

/** Without an event the messages of a turn are read every 5 s. */
const NEXT_READING = { fixedMs: 5_000, why: 'the next reading without an event, every 5 s' };
const OUT_OF_REACH = { settings: ['OPENCODE_CONNECT_SECONDS'], ...NEXT_READING } as const;
const ITS_ANSWERS = 'the real server cannot be made to answer so';
const IN_MID_TURN = 'in the middle of a turn, to every call';
const THE_TURN = { fixedMs: 10_000, why: 'the rest of the turn, and the next reading' };

/** What the stand-in cannot play. */
type RealFault = 'tool-outlives-server' | 'server-starts';

const ROWS: Readonly<Record<StandInFault | RealFault, ServerRow>> = {
  'first-request-hangs': {
    does: 'leaves the first request after its start without an answer, for ever',
    from: [1],
    expected: 'no harm',
    bound: { fixedMs: 20_000, why: 'a question after its health is given up after 15 s' },
    only: { on: 'stand-in', why: 'a managed server is asked nothing before its line; see server-starts' },
  },
  'prompt-lost': {
    does: 'answers 204 to a prompt and forgets it',
    from: [2],
    expected: 'prompt_rejected',
    bound: { settings: ['OPENCODE_START_SECONDS'] },
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'prompt-asleep': {
    does: 'stores a prompt and never runs it',
    from: [2, 3],
    expected: 'prompt_rejected',
    bound: { settings: ['OPENCODE_START_SECONDS'] },
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'agent-vanishes': {
    does: 'offers an agent and no longer knows it at the prompt: 204, an event, no status and no end',
    from: [2],
    expected: 'agent_not_found',
    bound: {},
    only: { on: 'stand-in', why: 'its agents are its configuration, which stays; see the conformance test' },
  },
  'model-vanishes': {
    does: 'offers a model and no longer knows it at the prompt',
    from: [17, 2],
    expected: 'model_not_found',
    bound: {},
    only: { on: 'stand-in', why: 'its models are its configuration, which stays' },
  },
  'busy-late': {
    does: 'says nothing of a turn for 1.5 s after the 204, as in a directory that it has to open',
    from: [3],
    expected: 'no harm',
    bound: THE_TURN,
    only: { on: 'stand-in', why: 'the real server does it in every new directory' },
  },
  'status-empty': {
    does: 'says of a running turn that nothing runs, as it does of another directory',
    from: [3],
    expected: 'no harm',
    bound: THE_TURN,
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'error-stored-late': {
    does: 'says idle twice and stores the error three seconds after the first',
    from: [4],
    expected: 'provider_rejected',
    bound: {},
    only: { on: 'stand-in', why: 'the real server takes 50–100 ms for it, in every failure' },
  },
  'prompt-answer-lost': {
    does: 'takes a prompt and breaks the connection off before it answers',
    from: [6, 'SIGKILL between sending a prompt and the answer'],
    expected: 'no harm',
    bound: THE_TURN,
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'prompt-dropped': {
    does: 'breaks the connection off before it takes a prompt',
    from: [6],
    expected: 'no harm',
    bound: THE_TURN,
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'create-answer-lost': {
    does: 'opens a conversation and breaks the connection off, in a directory where others have theirs',
    from: [15, 20],
    expected: 'no harm',
    bound: THE_TURN,
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'permission-asked': {
    does: 'waits for a permission for ever, called busy; `always` would hold for other sessions too',
    from: [9, 16],
    expected: 'no harm',
    bound: THE_TURN,
    permissions: [{ tool: 'bash', pattern: '*', action: 'ask' }],
  },
  'question-asked': {
    does: 'waits for the answer to a question for ever, called busy',
    from: [9],
    expected: 'question_unanswered',
    bound: {},
    permissions: [{ tool: 'question', pattern: '*', action: 'ask' }],
  },
  'permission-rejected-elsewhere': {
    does: 'has a permission rejected by another client without a word, which looks like success',
    from: [21],
    expected: 'permission_rejected',
    bound: {},
    only: { on: 'stand-in', why: 'the agents of a managed server are denied beforehand what would be asked' },
  },
  'abort-ignored': {
    does: 'stops in mid-answer, and goes on after an abort that it says to have obeyed, as for an unknown id',
    from: [18],
    expected: 'tokens_stalled',
    bound: { settings: ['OPENCODE_SILENCE_SECONDS', 'OPENCODE_STOP_SECONDS'] },
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'cost-falls': {
    does: 'shows less cost for the session after each step',
    from: [12],
    expected: 'no harm',
    bound: THE_TURN,
    only: { on: 'stand-in', why: 'it takes a revert, which is done by nobody in a turn' },
  },
  'huge-answer': {
    does: 'answers with eight million characters; nothing limits a body',
    from: [24, 'hostile: gigabyte lines'],
    expected: 'no harm',
    bound: THE_TURN,
    only: { on: 'stand-in', why: 'it would try the memory of the real server, not ours' },
  },
  'server-stalls': {
    does: 'stands still for eight seconds, events included, as when it opens directories',
    from: [19],
    expected: 'no harm',
    bound: { fixedMs: 18_000, why: 'eight seconds, the rest of the turn, and the next reading' },
  },
  'server-wedged': {
    does: 'answers nothing any more, in the middle of a turn',
    from: [19],
    expected: 'server_unreachable',
    bound: OUT_OF_REACH,
    onReal: {
      expected: 'no harm',
      bound: { fixedMs: 90_000, why: 'a managed server that leaves three questions unanswered is started anew' },
    },
  },
  'events-silenced': {
    does: 'tells nothing any more on the event stream, heartbeats included',
    from: ['cut or silence its event stream'],
    expected: 'no harm',
    bound: THE_TURN,
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'events-cut': {
    does: 'cuts the event stream, and each new one',
    from: ['cut or silence its event stream'],
    expected: 'no harm',
    bound: THE_TURN,
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'events-cut-and-silent': {
    does: 'cuts the event stream while the model is silent: nobody can tell whether the turn lives',
    from: ['cut or silence its event stream'],
    expected: 'no_progress',
    bound: { settings: ['OPENCODE_SILENCE_SECONDS', 'OPENCODE_DOUBT_SECONDS'] },
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'slow-byte': hostile('one byte in ten seconds'),
  'empty-200': hostile('empty 200'),
  'endless-body': hostile('endless body'),
  html: { ...hostile('HTML'), from: [18, 'hostile: HTML'] },
  'wrong-json': hostile('wrong JSON'),
  'broken-json': { ...hostile('half a JSON text'), from: ['hostile: wrong JSON'] },
  'storm-of-500': hostile('a storm of 500'),
  'rate-limits-us': hostile('429 with Retry-After'),
  'errors-briefly': {
    does: `answers 500 to three calls ${IN_MID_TURN.replace(', to every call', '')}`,
    from: ['hostile: a storm of 500'],
    expected: 'no harm',
    bound: THE_TURN,
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'credentials-refused': {
    does: `refuses the password ${IN_MID_TURN}`,
    from: ['§9: 401 everywhere'],
    expected: 'server_refused',
    bound: NEXT_READING,
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'request-refused': {
    does: 'does not understand how a conversation is opened: 400 without a reason',
    from: [20],
    expected: 'server_incompatible',
    bound: {},
    only: { on: 'stand-in', why: ITS_ANSWERS },
  },
  'no-password': {
    does: 'lets in whoever asks',
    from: ['a server without a password is refused'],
    expected: 'not accepted',
    bound: { fixedMs: 14_000, why: 'it is looked at twice, and what was seen of a bad one stands for 10 s' },
    only: { on: 'stand-in', why: 'a managed server always has a password' },
  },
  'conversation-deleted': {
    does: 'has the conversation deleted by somebody in the middle of a turn, and works on',
    from: [10],
    expected: 'conversation_lost',
    bound: NEXT_READING,
  },
  'turn-aborted-elsewhere': {
    does: 'has the turn aborted by another client',
    from: ['§5: abort'],
    expected: 'turn_aborted',
    bound: {},
  },
  'directory-vanishes': {
    does: 'would accept a directory that is not there any more',
    from: [14],
    expected: 'directory_invalid',
    bound: {},
  },
  'server-killed': {
    does: 'is killed in the middle of a turn and started again: idle, nothing resumed, its answer lost',
    from: [3, 'SIGKILL the OpenCode server in mid-turn'],
    expected: 'no harm',
    bound: { fixedMs: 20_000, why: 'what stands still is taken for broken off after 10 s; then the rest of the turn' },
    onReal: { bound: { fixedMs: 45_000, why: 'the start of the server, and the rest of the turn' } },
  },
  'server-gone': {
    does: 'is killed in the middle of a turn and does not come back',
    from: ['SIGKILL the OpenCode server in mid-turn'],
    expected: 'server_unreachable',
    bound: OUT_OF_REACH,
    only: { on: 'stand-in', why: 'a managed server is started again; see server-killed' },
  },
  'tool-outlives-server': {
    does: 'is killed while a command runs, which lives on',
    from: [11],
    expected: 'no harm',
    bound: { fixedMs: 45_000, why: 'the start of the server, and the rest of the turn' },
    only: { on: 'real', why: 'the stand-in runs no commands' },
  },
  'server-starts': {
    does: 'is started where others listen: `--port 0` would be 4096, and what comes before its line is never answered',
    from: [1, 23],
    expected: 'no harm',
    bound: { fixedMs: 30_000, why: 'the start of the server' },
    only: { on: 'real', why: 'the stand-in is not started by the gateway' },
  },
  'no-snapshots': {
    does: 'works in a directory without git, where its diff is empty and its revert does nothing',
    from: [13],
    expected: 'no harm',
    bound: THE_TURN,
  },
};

function hostile(what: string): ServerRow {
  return {
    does: `answers so ${IN_MID_TURN}: ${what}`,
    from: [`hostile: ${what}`],
    expected: 'server_unreachable',
    bound: OUT_OF_REACH,
    only: { on: 'stand-in', why: ITS_ANSWERS },
  };
}

/** The faults of the server. */
export const SERVER_ROWS: readonly NamedFault[] = Object.entries(ROWS).map(([name, row]) => ({
  name,
  side: 'server',
  ...row,
}));
