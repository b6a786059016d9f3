import { EXIT_CODE, StartupError } from '@oio/errors';
import { isLoopback, type PlatformConfig, serversOf } from './config.ts';

/** What stands in examples and in careless hands: nobody's secret. */
const KNOWN_TO_ALL =
  /^(?:dev(?:elopment)?.*|test|change[-_ ]?me.*|example.*|password|secret|postgres|nats|redis|oio|admin|1234.*|(.)\1*)$/i;

/** The names of settings that are a secret as a whole. */
const WHOLE = ['ENCRYPTION_KEY', 'API_KEY', 'JWT_SECRET_KEY', 'HEALTH_TOKEN'] as const;

/**
 * Refuses a start without the secrets that it needs: in production any missing one or one that stands in an example, and
 * everywhere a health port that others reach without a token. Source: the domain specification, section 5. Throws
 * `StartupError` that names every setting and no value.
 */
export function requireSecrets(config: PlatformConfig & Readonly<Record<string, unknown>>): void {
  const problems = config.NODE_ENV === 'production' ? inProduction(config) : [];
  if (!isLoopback(config.HEALTH_HOST) && config.HEALTH_TOKEN === undefined)
    problems.push('HEALTH_TOKEN: is needed where HEALTH_HOST can be reached from other machines');
  if (problems.length > 0)
    throw new StartupError(`Wrong settings:\n${problems.map((line) => `  ${line}`).join('\n')}`, EXIT_CODE.config);
}

function inProduction(config: PlatformConfig & Readonly<Record<string, unknown>>): string[] {
  const urls = [
    ['DATABASE_URL', config.DATABASE_URL] as const,
    ...serversOf(config.NATS_URL).map((url) => ['NATS_URL', url] as const),
    ...(config.REDIS_URL === undefined ? [] : [['REDIS_URL', config.REDIS_URL] as const]),
  ];
  return [
    ...urls.flatMap(([name, url]) => problemOf(name, decodeURIComponent(new URL(url).password))),
    ...WHOLE.flatMap((name) => secretsIn(config[name]).flatMap((secret) => problemOf(name, secret))),
  ];
}

/** None, one, or several of which the first is the current one. */
function secretsIn(setting: unknown): string[] {
  const all: unknown[] = Array.isArray(setting) ? setting : [setting];
  return all.filter((one) => typeof one === 'string');
}

function problemOf(name: string, secret: string): string[] {
  if (secret === '') return [`${name}: needs a password in production`];
  if (KNOWN_TO_ALL.test(secret))
    return [`${name}: holds a password that everybody knows; production needs one of its own`];
  return [];
}
