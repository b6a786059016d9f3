import { join } from 'node:path';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { ChildProgram } from './child-program.ts';
import { freePort } from './free-port.ts';

export const SERVICE_KINDS = ['session-actor', 'scheduler', 'opencode-gateway', 'http-gateway', 'metrics'] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

/** The links of a service to what it depends on, each of which can be disturbed on its own. */
export interface Links {
  readonly postgres: TcpProxy;
  readonly nats: TcpProxy;
  readonly redis: TcpProxy;
}

export interface ServiceProcessOptions {
  readonly kind: ServiceKind;
  readonly number: number;
  /** Where its log goes. */
  readonly directory: string;
  /** Past the proxies. */
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Further arguments of Node, before the program. */
  readonly nodeArgs: readonly string[];
  readonly onUnexpectedEnd: (how: string) => void;
}

/** One process of the product, with a proxy on each of its links. */
export class ServiceProcess implements AsyncDisposable {
  readonly kind: ServiceKind;
  readonly program: ChildProgram;
  readonly links: Links;
  readonly healthUrl: string;
  /** Where an http-gateway serves its clients. */
  readonly apiUrl: string;
  /** Whether it is being stopped, so that a load balancer would send nothing any more. */
  isLeaving = false;

  private constructor(kind: ServiceKind, program: ChildProgram, links: Links, ports: { health: number; api: number }) {
    this.kind = kind;
    this.program = program;
    this.links = links;
    this.healthUrl = `http://127.0.0.1:${ports.health}`;
    this.apiUrl = `http://127.0.0.1:${ports.api}`;
  }

  /** Makes the links; nothing is started yet. */
  static async prepare(options: ServiceProcessOptions): Promise<ServiceProcess> {
    const { kind, number, directory, databaseUrl, natsUrl, redisUrl, environment, nodeArgs, onUnexpectedEnd } = options;
    const postgres = await proxyTo(databaseUrl);
    const nats = await proxyTo(natsUrl);
    const redis = await proxyTo(redisUrl);
    const ports = { health: await freePort(), api: await freePort() };
    const program = new ChildProgram({
      name: `${kind}-${number}`,
      args: [...nodeArgs, `services/${kind}/src/main.ts`],
      environment: {
        ...environment,
        DATABASE_URL: through(databaseUrl, postgres),
        NATS_URL: through(natsUrl, nats),
        REDIS_URL: through(redisUrl, redis),
        HEALTH_PORT: String(ports.health),
        API_PORT: String(ports.api),
      },
      logFile: join(directory, `${kind}-${number}.log`),
      isReady: async () => (await fetch(`http://127.0.0.1:${ports.health}/health/ready`, { signal: soon() })).ok,
      onUnexpectedEnd,
    });
    return new ServiceProcess(kind, program, { postgres, nats, redis }, ports);
  }

  get name(): string {
    return this.program.name;
  }

  get isServing(): boolean {
    return this.program.isRunning && !this.isLeaving;
  }

  /** Tells it to hand over and go, as an orchestrator of containers does. Returns how long it took, in milliseconds. */
  async leave(): Promise<number> {
    this.isLeaving = true;
    return this.program.stop();
  }

  async start(): Promise<void> {
    await this.program.start();
    this.isLeaving = false;
  }

  /** Ends every disturbance of its links. */
  heal(): void {
    for (const link of Object.values(this.links) as TcpProxy[]) link.heal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    for (const link of Object.values(this.links) as TcpProxy[]) await link[Symbol.asyncDispose]();
  }
}

function proxyTo(url: string): Promise<TcpProxy> {
  return TcpProxy.start(Number(new URL(url).port));
}

function through(url: string, proxy: TcpProxy): string {
  const changed = new URL(url);
  changed.hostname = '127.0.0.1';
  changed.port = String(proxy.port);
  return changed.href;
}

function soon(): AbortSignal {
  return AbortSignal.timeout(2_000);
}
