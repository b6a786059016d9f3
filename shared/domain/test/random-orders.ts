import type { StopProof } from '@oio/contracts';
import {
  attemptToken,
  FAILURES,
  type FailureCode,
  failureOf,
  type SessionCommand,
  type SessionSnapshot,
  type TimerName,
} from '../src/index.ts';
import { asked, call, command, question, resume, step, workspace } from './sessions.ts';

/** A parent and its two children. */
export const FAMILY = ['0', '1', '2'].map((digit) => `0199b3e4-0000-7000-8000-00000000010${digit}`);
export const [PARENT, ELDER] = FAMILY as [string, string, string];

/** What chance says of an order: of which run it tells, and a number that makes it one of its kind. */
export interface Chance {
  readonly run: 'present' | 'before' | 'after' | 'garbage';
  readonly number: number;
}

const CODES = Object.keys(FAILURES) as FailureCode[];
const failure = ({ number }: Chance) => failureOf(CODES[number % CODES.length] ?? 'internal');
const steps = ({ number }: Chance, count: number) =>
  Array.from({ length: count }, (_, index) =>
    step(`msg_${(number % 7) + index}`, { apiErrors: number % 3 === 0 ? 1 : 0, costUsd: number / 977 }),
  );
const oneStep = (chance: Chance) => steps(chance, 1)[0] ?? step('msg_0');

function tokenOf({ attempt }: SessionSnapshot, { run }: Chance): string {
  if (!attempt || run === 'garbage') return 'constructor';
  if (run === 'present') return attemptToken(attempt);
  return attemptToken({ number: attempt.number, run: attempt.run + (run === 'before' ? -1 : 1) });
}

function timer(name: TimerName) {
  return ({ timers }: SessionSnapshot, { run, number }: Chance) =>
    command('fire-timer', { name, generation: run === 'present' ? (timers[name]?.generation ?? number) : number });
}

/** Every command that a session can get, from any side. */
export const ORDERS = {
  start: () => command('start', {}),
  pause: () => command('pause', {}),
  resume: () => command('resume', {}),
  stop: () => command('stop', { reason: 'Enough.' }),
  cancel: () => command('cancel', {}),
  retry: () => command('retry', {}),
  checkpoint: (_, { number }) => command('checkpoint', { data: { number } }),
  delete: () => command('delete', {}),
  dispatch: (_, { number }) => command('dispatch', { serverId: `server-${number % 3}`, schedulerEpoch: number }),
  time: timer('max-duration'),
  interval: timer('checkpoint'),
  retryTime: timer('retry'),
  prompt: (_, { number }) => command('prompt', { prompt: `Then do ${'it '.repeat(number % 100)}` }),
  removePrompt: ({ prompts = [] }, { number }) =>
    command('remove-prompt', { promptId: prompts[number % (prompts.length || 1)]?.id ?? 'nothing' }),
  revert: (_, { number }) => command('revert', { checkpoint: 1 + (number % 3) }),
  revertTime: timer('revert'),
  revertEnded: ({ revert }, chance) =>
    command('revert-ended', {
      requested: revert?.requested ?? 1,
      ...(chance.number < 500
        ? { conversation: { openCodeSessionId: 'ses_2', lastMessageId: 'msg_2' }, failure: null }
        : { conversation: null, failure: failure(chance) }),
    }),
  approvalTime: timer('approval'),
  settle: () => command('settle-dependencies', {}),
  supersede: () => command('supersede', { by: PARENT }),
  adopt: () => command('adopt', {}),
  addChild: (_, { number }) => command('add-child', { childId: FAMILY[number % 3] ?? PARENT }),
  childEnded: (_, { number }) => command('child-ended', { childId: FAMILY[number % 3] ?? PARENT }),
  giveUp: (_, chance) => command('give-up', { failure: failure(chance) }),
  cancelled: () => command('end-by-parent', { policy: 'cancel', parentId: PARENT }),
  orphaned: () => command('end-by-parent', { policy: 'orphan', parentId: PARENT }),
  prepared: (snapshot, chance) => command('report-prepared', { token: tokenOf(snapshot, chance), workspace, resume }),
  step: (snapshot, chance) =>
    command('report-step', { token: tokenOf(snapshot, chance), step: oneStep(chance), resume }),
  usage: (snapshot, chance) =>
    command('report-usage', {
      token: tokenOf(snapshot, chance),
      calls: [call(`ses_${chance.number % 3}`, `msg_${chance.number % 10}`), call('ses_1', `msg_${chance.number % 7}`)],
    }),
  resources: (snapshot, chance) =>
    command('report-resources', {
      token: tokenOf(snapshot, chance),
      resources: { cpuPercent: chance.number, memoryMb: chance.number, diskMb: 1 },
    }),
  degraded: (snapshot, chance) =>
    command('report-degraded', { token: tokenOf(snapshot, chance), failure: failure(chance) }),
  recovered: (snapshot, chance) => command('report-recovered', { token: tokenOf(snapshot, chance) }),
  warning: (snapshot, chance) =>
    command('report-warning', {
      token: tokenOf(snapshot, chance),
      type: 'odd',
      message: 'Odd.',
      context: { number: chance.number },
    }),
  completed: (snapshot, chance) =>
    command('report-completed', {
      token: tokenOf(snapshot, chance),
      steps: steps(chance, chance.number % 4),
      resume,
      result: { text: 'Done.' },
      commit: null,
    }),
  failed: (snapshot, chance) =>
    command('report-failed', {
      token: tokenOf(snapshot, chance),
      steps: steps(chance, chance.number % 4),
      resume: chance.number % 2 ? resume : null,
      failure: failure(chance),
      retryAfterMs: chance.number % 3 ? null : chance.number * 1_000,
    }),
  asked: (snapshot, chance) =>
    command('report-approval', {
      token: tokenOf(snapshot, chance),
      approvalId: `approval-${chance.number % 5}`,
      asked: chance.number % 2 ? asked(`per_${chance.number % 5}`) : question(`que_${chance.number % 5}`),
    }),
  askedNoMore: (snapshot, chance) =>
    command('report-approval-gone', {
      token: tokenOf(snapshot, chance),
      requestId: `per_${chance.number % 5}`,
      detail: 'Gone.',
    }),
  answer: ({ approvals }, { number }) =>
    command('answer', {
      approvalId: approvals[number % 2]?.id ?? 'approval-0',
      answer: number % 3 ? { action: 'deny' } : { action: 'allow' },
    }),
  closed: (snapshot, chance) => command('report-closed', { token: tokenOf(snapshot, chance), proof: 'Idle.' }),
  proven: (snapshot, chance) =>
    command('report-closed', { token: tokenOf(snapshot, chance), proof: 'Idle.', stop: STOP }),
  unconfirmed: (snapshot, chance) =>
    command('report-unconfirmed', { token: tokenOf(snapshot, chance), failure: failureOf('stop_unconfirmed') }),
} as const satisfies Record<string, (snapshot: SessionSnapshot, chance: Chance) => SessionCommand>;

const STOP: StopProof = {
  aborted: ['ses_1'],
  children: [],
  idleAt: '2026-01-01T00:00:00.000Z',
  readings: 3,
  conversationDeleted: false,
  processes: null,
};
