import { proveFleet } from './fleet.ts';
import { proveKills } from './kills/prove-kills.ts';
import { proveOverhead } from './overhead/prove-overhead.ts';
import type { Proof } from './proof.ts';
import { proveRecycling } from './recycling.ts';

export const PROOFS: Readonly<Record<string, Proof>> = {
  kills: {
    shows: 'gateways and real servers killed in the midst of turns: nothing lost, told twice or done twice',
    times: { of: 'kills', usual: 100 },
    run: proveKills,
  },
  fleet: {
    shows: 'real sessions at once over three managed servers finish',
    times: { of: 'sessions', usual: 20 },
    run: proveFleet,
  },
  recycling: {
    shows: 'the memory of a managed server and its database stay bounded by recycling',
    times: { of: 'sessions', usual: 200 },
    run: proveRecycling,
  },
  overhead: {
    shows: 'what the orchestrator adds to a warm turn that is over at once',
    times: { of: 'turns', usual: 200 },
    run: proveOverhead,
  },
};
