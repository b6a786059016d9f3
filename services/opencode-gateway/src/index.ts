export { opencodeGatewayConfig } from './config.ts';
export { startOpencodeGateway } from './service.ts';
