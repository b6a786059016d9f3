// What needs no process of its own: each would load the same modules once more.
import './known-sessions.unit.ts';
import './status-counts.unit.ts';
import './totals-text.unit.ts';
