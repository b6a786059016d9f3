// What needs no process of its own: each would load the same modules once more.
import './config.unit.ts';
import './health-server.unit.ts';
import './tell-of-outages.unit.ts';
import './tell-of-parking.unit.ts';
