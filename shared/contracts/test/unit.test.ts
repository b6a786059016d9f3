// What needs no process of its own: each would load the same modules once more.
import './contracts.unit.ts';
import './json.unit.ts';
import './new-session-refused.unit.ts';
import './new-session.unit.ts';
import './schedules.unit.ts';
import './violations.unit.ts';
