export { type Client, type ClientOptions, createClient } from './client.ts';
export { defaultDataDirectory, readApiKey } from './key-file.ts';
export type { SessionMessage } from './stream.ts';
