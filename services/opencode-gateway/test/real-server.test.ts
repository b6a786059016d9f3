/** What is proven on the real binary without ending it: one server for all. Serial tests come first and are alone on it. */
import './real-server/late-prompt.ts';
import './real-server/adoption.ts';
import './real-server/approvals.ts';
import './real-server/usage.ts';
import './real-server/project-plugins.ts';
import './real-server/degraded.ts';
import './real-server/opencode-agent-server.ts';
