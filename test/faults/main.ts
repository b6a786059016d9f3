import { toldOr } from '../command-line.ts';
import { type Arguments, readArguments, USAGE } from './arguments.ts';
import { isPlayedOn } from './catalogue.ts';
import { inPlace } from './in-place.ts';
import { tryOnRealServer } from './on-real-server.ts';
import { tryOnStandIns } from './on-stand-ins.ts';
import { listLines, livingLines, Progress, reportLines } from './report.ts';
import { type Lived, runLiving } from './run-living.ts';
import { serveFault } from './serve-fault.ts';
import { faultsIn, type Outcome } from './trial.ts';

const out = (text: string): void => void process.stdout.write(`${text}\n`);
const MODES: Readonly<Record<Arguments['mode'], (given: Arguments) => Promise<number | null>>> = {
  list,
  serve,
  run,
  living,
};

const given = toldOr(USAGE, readArguments);
const code = await MODES[given.mode](given);
// A server that was asked for goes on.
if (code !== null) process.exit(code);

async function list({ faults, json }: Arguments): Promise<number> {
  out(json ? JSON.stringify(faults) : listLines(faults).join('\n'));
  return 0;
}

async function serve({ faults: [fault], port, password, asStandIn }: Arguments): Promise<null> {
  out(await serveFault({ fault: fault?.name ?? '', port, password, asStandIn }));
  return null;
}

async function run({ faults: wanted, times, lanes, real, json }: Arguments): Promise<number> {
  const faults = wanted.filter((fault) => isPlayedOn(real ? 'real' : 'stand-in', fault));
  using progress = new Progress(faults.length * times);
  const outcomes: Outcome[] = [];
  const onOutcome = (outcome: Outcome): void => {
    outcomes.push(outcome);
    progress.note(outcome.fault, faultsIn(outcome));
  };
  const tryAll = real ? tryOnRealServer : tryOnStandIns;
  await inPlace((place) => tryAll({ ...place, faults, times, lanes, onOutcome }));
  out(json ? JSON.stringify(outcomes) : [...reportLines(faults, outcomes), progress.circumstances].join('\n'));
  const isRight = outcomes.length === faults.length * times && outcomes.every((one) => faultsIn(one).length === 0);
  return isRight ? 0 : 1;
}

async function living({ times, real, json }: Arguments): Promise<number> {
  using progress = new Progress(0);
  const lived: Lived[] = [];
  const onLived = (one: Lived): void => {
    lived.push(one);
    progress.note(one.name, one.killedBy === null ? [] : [`cut by ${one.killedBy}`]);
  };
  await inPlace((place) => runLiving({ ...place, on: real ? 'real' : 'stand-in', times, onLived }));
  out(json ? JSON.stringify(lived) : livingLines(lived).join('\n'));
  return lived.every(({ killedBy }) => killedBy === null) ? 0 : 1;
}
