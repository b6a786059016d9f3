// What needs no process of its own: each would load the same modules once more.
import './bench/results.unit.ts';
import './chaos/arguments.unit.ts';
import './chaos/invariants/total-invariants.unit.ts';
import './chaos/invariants/ungated-calls.unit.ts';
import './chaos/load/stream-reader.unit.ts';
import './chaos/plants/plants.unit.ts';
import './chaos/proxy/reordered-news.unit.ts';
import './chaos/proxy/tcp-proxy.unit.ts';
import './chaos/targets.unit.ts';
import './chaos/windows.unit.ts';
import './chaos/world.unit.ts';
import './command-line.unit.ts';
import './faults/catalogue.unit.ts';
import './proofs/kills/judge.unit.ts';
import './temporary-directory.unit.ts';
import './verify/run-steps.unit.ts';
import './verify/tap.unit.ts';
