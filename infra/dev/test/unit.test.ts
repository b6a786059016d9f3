// What needs no process of its own: each would load the same modules once more.
import './arguments.unit.ts';
import './log-line.unit.ts';
import './process-plan.unit.ts';
