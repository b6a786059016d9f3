export { loadOrCreateApiKey } from './api-key.ts';
export { type ApiKey, createApiKeyAuthenticator } from './api-key-authenticator.ts';
export { type HttpGatewayConfig, httpGatewayConfig } from './config.ts';
export { LIMITS, type Limits } from './limits.ts';
export { type OpenApiDocument, openApiDocument } from './openapi.ts';
export type { Authenticator, Check, HttpGatewayPorts, Principal } from './ports.ts';
export { type HttpGateway, startHttpGateway } from './service.ts';
