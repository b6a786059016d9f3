export { OpencodeAgentServer } from './adapters/opencode-agent-server.ts';
export { openCodeConfig } from './agents/open-code-config.ts';
export { opencodeGatewayConfig } from './config.ts';
export { startManagedServer } from './managed-server/start-managed-server.ts';
export type { AgentServer } from './ports.ts';
export { openCodeCredentials, opencodeProcessConfig } from './process-config.ts';
export { startOpencodeGateway } from './service.ts';
