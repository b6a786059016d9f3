export { type CallOptions, type Client, type ClientOptions, createClient } from './client.ts';
export { API_KEY_FILE, readApiKey } from './key-file.ts';
export type { SessionMessage, StreamOptions } from './stream.ts';
