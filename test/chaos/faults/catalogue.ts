import { natsCut, natsKill, natsStop, redisFlush, redisKill, redisStop } from './bus-faults.ts';
import type { Fault } from './fault.ts';
import { foreignMessages } from './foreign-messages.ts';
import {
  cutOpencode,
  freezeGateway,
  hostileOpencode,
  killGateway,
  killOpencode,
  silenceEvents,
} from './gateway-faults.ts';
import { killInCommit } from './kill-in-commit.ts';
import { overload } from './load-faults.ts';
import { killHttp, restartMetrics, rollingUpgrade } from './message-faults.ts';
import {
  cutAtClaim,
  freezeHalfLease,
  freezeOwner,
  killAllActors,
  killOwner,
  killScheduler,
  partitionOwner,
} from './owner-faults.ts';
import { natsAway, redisAway } from './outages.ts';
import { fullDisk, pgCutAtCommit, pgRestart, pgTerminate, slowCommits, slowDisk } from './postgres-faults.ts';
import { raceDispatch, raceGate, rivalClaims, stallCommit } from './race-faults.ts';
import { shuffleMessages } from './shuffle-messages.ts';
import { slowReaders } from './slow-readers.ts';
import { roll, stopService } from './stop-faults.ts';

/** The faults of the mix, which is no fault of its own: it is three of these at once, by chance. */
const FAULTS: readonly Fault[] = [
  killOwner,
  killInCommit,
  cutAtClaim,
  freezeOwner,
  freezeHalfLease,
  killAllActors,
  partitionOwner,
  roll,
  stopService,
  killScheduler,
  killGateway,
  freezeGateway,
  killOpencode,
  cutOpencode,
  silenceEvents,
  hostileOpencode,
  natsKill,
  natsStop,
  natsCut,
  shuffleMessages,
  foreignMessages,
  redisKill,
  redisFlush,
  redisStop,
  pgTerminate,
  pgCutAtCommit,
  pgRestart,
  slowDisk,
  fullDisk,
  slowCommits,
  stallCommit,
  raceDispatch,
  raceGate,
  rivalClaims,
  overload,
  slowReaders,
  rollingUpgrade,
  killHttp,
  restartMetrics,
];

/** Too long for a mix, of which they would be most. */
const OUTAGES: readonly Fault[] = [natsAway, redisAway];

/** All that can be let loose alone. */
export const ALONE: readonly Fault[] = [...FAULTS, ...OUTAGES];

export const MIX = 'mix';

/** The faults of these names; `mix` stands for all that it is made of. Throws for a name that there is not. */
export function faultsNamed(names: readonly string[]): readonly Fault[] {
  if (names.includes(MIX)) return FAULTS;
  return names.map((name) => {
    const fault = ALONE.find((one) => one.name === name);
    if (fault) return fault;
    throw new Error(`There is no fault "${name}". There are: ${[MIX, ...ALONE.map((one) => one.name)].join(', ')}.`);
  });
}
