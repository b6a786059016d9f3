export * from './errors.ts';
export * from './startup-error.ts';
export * from './wire.ts';
