export { opencodeGatewayConfig } from './config.ts';
export { agentConfig, openCodeCredentials, opencodeProcessConfig } from './process-config.ts';
export { startOpencodeGateway } from './service.ts';
