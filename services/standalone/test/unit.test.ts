// What needs no process of its own: each would load the same modules once more.
import './arguments.unit.ts';
import './data-directory.unit.ts';
import './demo/expectations.unit.ts';
import './demo/print-diff.unit.ts';
import './demo/printable.unit.ts';
import './demo/progress-lines.unit.ts';
import './demo/progress.unit.ts';
import './demo/results-table.unit.ts';
