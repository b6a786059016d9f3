export { type OpencodeGatewayConfig, type OpencodeGatewaySetting, opencodeGatewayConfig } from './config.ts';
export { type OpencodeGatewayPorts, startOpencodeGateway } from './service.ts';
