export * from './errors.ts';
export * from './refusal.ts';
export * from './startup-error.ts';
export * from './wire.ts';
