import { join } from 'node:path/posix';
import type { SourceFile } from './source-file.ts';

/** One rule about who may import what. The reason is the message: who meets it should learn why. */
export interface LayerRule {
  readonly name: string;
  readonly reason: string;
  forbids(file: SourceFile, specifier: string): boolean;
}

/** What a package may import at all, where that is a closed list. */
const CLOSED: readonly { folder: string; allowed: readonly string[]; reason: string }[] = [
  { folder: 'shared/errors', allowed: [], reason: 'shared/errors stands below everything and imports nothing' },
  {
    folder: 'shared/contracts',
    allowed: ['zod'],
    reason: 'shared/contracts imports only zod: everyone derives from it, so it must not drag anything along',
  },
  {
    folder: 'shared/domain',
    allowed: ['@oio/contracts', '@oio/errors', 'croner', 'xstate'],
    reason:
      'shared/domain is pure: it imports only contracts, errors, xstate and croner, no technology and no Node module',
  },
];

/** Clients of a technology, and the shared package whose purpose each is. */
const TECHNOLOGY: readonly { packages: RegExp; home: string }[] = [
  { packages: /^(?:nats|@nats-io\/.+)$/, home: 'shared/messaging' },
  { packages: /^ioredis$/, home: 'shared/redis' },
  { packages: /^undici$/, home: 'shared/sdk' },
  { packages: /^(?:pg|kysely|@mikro-orm\/.+)$/, home: 'shared/persistence' },
];

/** The rules, given the names of all packages under `services/`. */
export function layerRules(services: ReadonlySet<string>): LayerRule[] {
  return [...serviceRules(services), ...PACKAGE_RULES];
}

function serviceRules(services: ReadonlySet<string>): LayerRule[] {
  const isService = (specifier: string): boolean => services.has(packageOf(specifier));
  return [
    {
      name: 'service-imports-service',
      reason: 'services never import each other, they talk by messages; only standalone composes them',
      forbids: (file, specifier) =>
        file.folder.startsWith('services/') && file.folder !== 'services/standalone' && isService(specifier),
    },
    {
      name: 'shared-imports-service',
      reason: 'shared packages stand below the services and know none of them',
      forbids: (file, specifier) => file.folder.startsWith('shared/') && isService(specifier),
    },
  ];
}

const PACKAGE_RULES: readonly LayerRule[] = [
  ...CLOSED.map(({ folder, allowed, reason }) => ({
    name: `${folder.replace('/', '-')}-is-closed`,
    reason,
    forbids: (file: SourceFile, specifier: string) =>
      isShipped(file) && file.folder === folder && !isRelative(specifier) && !allowed.includes(packageOf(specifier)),
  })),
  {
    name: 'technology-outside-adapters',
    reason:
      'only adapters/ (and the shared package made for it) touches a technology; the rest of a service sees a port',
    forbids: (file, specifier) =>
      isShipped(file) &&
      !file.path.includes('/adapters/') &&
      TECHNOLOGY.some(({ packages, home }) => packages.test(packageOf(specifier)) && file.folder !== home),
  },
  {
    name: 'koa-outside-http-gateway',
    reason: 'Koa only in the http-gateway: nobody else speaks HTTP to the outside',
    forbids: (file, specifier) =>
      file.folder !== 'services/http-gateway' && /^(?:koa(?:-.+)?|@koa\/.+)$/.test(packageOf(specifier)),
  },
  {
    name: 'client-behind-the-api',
    reason: 'the cli is a client like any other: it speaks to the API through @oio/sdk and knows nothing behind it',
    forbids: (file, specifier) =>
      isShipped(file) &&
      file.folder === 'services/cli' &&
      ['@oio/domain', '@oio/messaging', '@oio/ownership', '@oio/persistence'].includes(packageOf(specifier)),
  },
  {
    name: 'deep-import',
    reason: 'a package is entered through its exports only; what lies behind them is free to change',
    forbids: (file, specifier) =>
      /^@oio\/[^/]+\/(?:src|test)(?:\/|$)/.test(specifier) || leavesPackage(file, specifier),
  },
];

function isShipped(file: SourceFile): boolean {
  return !file.isTest;
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.');
}

/** `@koa/router/dist/x` → `@koa/router`, `kysely/helpers` → `kysely`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function leavesPackage(file: SourceFile, specifier: string): boolean {
  if (!isRelative(specifier)) return specifier.startsWith('/') || specifier.startsWith('file:');
  return !join(file.path, '..', specifier).startsWith(`${file.folder}/`);
}
