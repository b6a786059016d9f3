/**
 * What Node is started with to run a service, by the service's name; nothing for those that are not named. Who starts the services
 * uses it (`npm run dev`, the bench), and docker-compose.yml says the same. The scheduler keeps numbers in columns, and reads rows that
 * are garbage at once: a young generation of the size that Node takes by itself would hold more memory than a million waiting sessions
 * do. In MB.
 */
export const NODE_OPTIONS: Readonly<Record<string, readonly string[]>> = { scheduler: ['--max-semi-space-size=8'] };
