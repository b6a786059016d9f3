// What needs no process of its own: each would load the same modules once more.
import './attempt-keeper.unit.ts';
import './fences.unit.ts';
import './history-bell.unit.ts';
import './live-session.unit.ts';
import './relay/pages-under-way.unit.ts';
import './relay/publish-in-order.unit.ts';
import './revert-order.unit.ts';
import './worker.unit.ts';
