/** Who may ask, and whom, in one process. */
import './access/authentication.ts';
import './access/client.ts';
import './access/gateway-choice.ts';
import './access/several-gateways.ts';
import './access/tenancy.ts';
