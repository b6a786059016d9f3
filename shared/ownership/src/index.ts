export { createAbsentOwnerDirectory } from './absent-owner-directory.ts';
export { createGatewayRouter, type GatewayRouter, gatewayAddress } from './gateway-router.ts';
export { createInProcessOwnerDirectory } from './in-process-owner-directory.ts';
export type { OwnerDirectory } from './owner-directory.ts';
export { createRedisOwnerDirectory } from './redis-owner-directory.ts';
export {
  createSessionRouter,
  notOwner,
  type SessionEnvelope,
  type SessionRouter,
  workerAddress,
} from './session-router.ts';
