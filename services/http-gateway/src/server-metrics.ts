import type { ServerView } from '@oio/contracts';

/** How the OpenCode servers are, in the Prometheus text format: one label, the id of one of a few servers. */
export function serverMetrics(servers: readonly ServerView[]): string {
  const gauge = (name: string, help: string, value: (server: ServerView) => number | null): string[] => {
    const samples = servers.flatMap((server) => {
      const known = value(server);
      return known === null ? [] : [`oio_server_${name}{server="${server.id}"} ${known}`];
    });
    const described = [`# HELP oio_server_${name} ${help}`, `# TYPE oio_server_${name} gauge`];
    return samples.length === 0 ? [] : [...described, ...samples];
  };
  return [
    ...gauge('up', '1 when the OpenCode server is up.', ({ state }) => Number(state === 'up')),
    ...gauge('running', 'Attempts on it that are not closed.', ({ running }) => running),
    ...gauge('cpu_cores', 'Cores that it and all that it started take.', cores),
    ...gauge(
      'memory_bytes',
      'Memory of its whole process tree; what its processes share counts once.',
      ({ memoryBytes }) => memoryBytes,
    ),
    ...gauge('disk_bytes', 'Its data directory on the disk.', ({ diskBytes }) => diskBytes),
    ...gauge('database_bytes', 'Its database on the disk.', ({ databaseBytes }) => databaseBytes),
    '',
  ].join('\n');
}

function cores({ cpuPercent }: ServerView): number | null {
  return cpuPercent === null ? null : cpuPercent / 100;
}
