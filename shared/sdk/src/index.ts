export { type Client, type ClientOptions, createClient } from './client.ts';
export { API_KEY_FILE, defaultDataDirectory, readApiKey } from './key-file.ts';
export type { SessionMessage } from './stream.ts';
