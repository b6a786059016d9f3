/**
 * What Node is started with to run a service, by the service's name; nothing for those that are not named. Who starts the services
 * uses it (`npm run dev`, the bench), and docker-compose.yml says the same. The scheduler keeps numbers in columns, and reads rows that
 * are garbage at once. By themselves the young generation, and the old one, which is collected when it has several times the size of what
 * is alive in it, would take more than a million waiting sessions do. So semi-spaces have 8 MB, and the heap grows by 60 % between two
 * collections of all of it.
 */
export const NODE_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  scheduler: ['--max-semi-space-size=8', '--heap-growing-percent=60'],
};
