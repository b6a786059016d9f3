import { rm } from 'node:fs/promises';
import type { ApprovalAnswer } from '@oio/contracts';
import { eventually } from '@oio/runtime/testing';
import { playOf } from '../stand-in/named-faults.ts';
import { pause } from '../stand-in/pause.ts';
import type { Scene, Trial } from './scene.ts';

/** What makes a fault strike that is not in the prompt, nor in the server from its start on. */
export interface Deed {
  /** Whether it is done before the session is started, or in the middle of its turn. */
  readonly begins: 'before' | 'running';
  /** Whether other sessions on its server suffer from it too. */
  readonly hurtsServer: boolean;
  /** Resolves with the moment. */
  readonly strike: (scene: Scene, trial: Trial) => Promise<number>;
}

/** How long a killed server stays away. */
const AWAY_MS = 500;
const STALL_MS = 8_000;

export function deedFor(fault: string): Deed | null {
  const deed = DEEDS.get(fault);
  if (deed) return deed;
  return playOf(fault)?.once === 'running' ? ofServer((scene) => scene.server.strike(fault)) : null;
}

const DEEDS: ReadonlyMap<string, Deed> = new Map<string, Deed>([
  [
    'directory-vanishes',
    {
      begins: 'before',
      hurtsServer: false,
      async strike(scene, { directory, sessionId }) {
        await rm(directory, { recursive: true });
        await scene.client.startSession({ id: sessionId });
        return Date.now();
      },
    },
  ],
  [
    'create-answer-lost',
    {
      begins: 'before',
      hurtsServer: true,
      async strike({ server, client }, { directory, fault, sessionId }) {
        // Somebody else's conversation in the same directory.
        await server.say('POST', `/session?directory=${encodeURIComponent(directory)}`);
        server.strike(fault);
        await client.startSession({ id: sessionId });
        return Date.now();
      },
    },
  ],
  ['permission-asked', ofSession(answered({ action: 'allow' }))],
  ['question-asked', ofSession(answered({ action: 'deny' }))],
  ['conversation-deleted', ofSession(inMidTurn(({ server }, _trial, id) => server.say('DELETE', `/session/${id}`)))],
  [
    'turn-aborted-elsewhere',
    ofSession(inMidTurn(({ server }, _trial, id) => server.say('POST', `/session/${id}/abort`))),
  ],
  ['server-killed', ofServer(killed)],
  ['tool-outlives-server', ofServer(killed)],
  ['server-gone', ofServer(({ server }) => server.kill())],
  ['server-stalls', ofServer(frozen(STALL_MS))],
  ['server-wedged', ofServer(frozen(null))],
]);

type Act = (scene: Scene, trial: Trial, openCodeSession: string) => Promise<void> | void;

function ofSession(strike: Deed['strike']): Deed {
  return { begins: 'running', hurtsServer: false, strike };
}

function ofServer(act: Act): Deed {
  return { begins: 'running', hurtsServer: true, strike: inMidTurn(act) };
}

async function killed({ server }: Scene): Promise<void> {
  await server.kill();
  await pause(AWAY_MS);
  await server.start();
}

function frozen(forMs: number | null): Act {
  return async ({ server }, { fault }) => {
    server.strike(fault);
    await server.freeze(forMs);
  };
}

/** A person answers what the agent asks. */
function answered(answer: ApprovalAnswer): Deed['strike'] {
  return async ({ client }, { sessionId }) => {
    const asked = async () => (await client.listSessionApprovals({ id: sessionId, status: 'pending' })).approvals[0];
    const { id } = await eventually(asked, { what: 'what the agent asks', withinMs: 60_000, everyMs: 50 });
    const atMs = Date.now();
    await client.answerApproval({ id }, answer);
    return atMs;
  };
}

/** The turn is in its midst, and a moment more. */
function inMidTurn(act: Act): Deed['strike'] {
  return async (scene, trial) => {
    const openCodeSession = await eventually(
      async () => (await scene.client.getSession({ id: trial.sessionId })).attempt?.openCodeSessionId,
      { what: 'the conversation', everyMs: 50 },
    );
    await eventually(() => scene.server.isInMidTurn(trial), { what: 'the turn', everyMs: 20 });
    await pause(A_MOMENT_MS);
    const atMs = Date.now();
    await act(scene, trial, openCodeSession);
    return atMs;
  };
}

const A_MOMENT_MS = 700;
