// What needs no process of its own: each would load the same modules once more.
import './admission.unit.ts';
import './backoff.unit.ts';
import './every.unit.ts';
import './keyed-heap.unit.ts';
import './placement.unit.ts';
import './quota-book.unit.ts';
import './quota-lessons.unit.ts';
import './servers.unit.ts';
import './slots.unit.ts';
import './start-rates.unit.ts';
import './sweep.unit.ts';
import './timers.unit.ts';
import './waiting-queue.unit.ts';
