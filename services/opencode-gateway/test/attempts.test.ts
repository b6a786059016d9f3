/** What goes by the clock, but not by this process, in one process. */
import './attempts/stop-turn.ts';
import './attempts/turn-reading.ts';
import './attempts/when-up.ts';
