export { eventually, type Patience } from './eventually.ts';
export { nodeEnvironment } from './node-environment.ts';
