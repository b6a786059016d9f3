export { loadOrCreateApiKey } from './api-key.ts';
export { createApiKeyAuthenticator } from './api-key-authenticator.ts';
export { httpGatewayConfig } from './config.ts';
export { LIMITS, type Limits } from './limits.ts';
export { openApiDocument } from './openapi.ts';
export type { HttpGatewayPorts } from './ports.ts';
export { httpProcessConfig } from './process-config.ts';
export { startHttpGateway } from './service.ts';
