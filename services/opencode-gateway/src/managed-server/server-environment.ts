import { join } from 'node:path';
import { z } from 'zod';

/** The directory of a managed server and what lies where in it. Everything that OpenCode writes stays inside. */
export interface ServerPaths {
  readonly root: string;
  readonly home: string;
  readonly temp: string;
  /** The server's own working directory: empty, so that it finds no project there. */
  readonly cwd: string;
  readonly state: string;
  readonly log: string;
  readonly plugin: string;
  /** A catalogue of models without any. */
  readonly noModels: string;
  /** OpenCode's sessions; its write-ahead log lies beside it. */
  readonly database: string;
}

export function serverPaths(root: string): ServerPaths {
  return {
    root,
    home: join(root, 'home'),
    temp: join(root, 'tmp'),
    cwd: join(root, 'cwd'),
    state: join(root, 'server.json'),
    log: join(root, 'server.log'),
    plugin: join(root, 'hide-secrets.js'),
    noModels: join(root, 'no-models.json'),
    database: join(root, 'home', '.local', 'share', 'opencode', 'opencode.db'),
  };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The mark in the environment of a server and of everything that it starts. Its value is the server's directory. */
export const MARKER = 'OIO_MANAGED_SERVER';

/** The mark of whatever a tool of an agent starts. Its value is the id of the OpenCode session. */
export const SESSION_MARKER = 'OIO_OPENCODE_SESSION';
/** Only the server itself has it: it is hidden from tools. */
export const PASSWORD_VARIABLE = 'OPENCODE_SERVER_PASSWORD';

/** Variables that hold credentials of model providers, as OpenCode reads them. */
export function providerCredentials(environment: Environment): Record<string, string> {
  return pick(environment, (name) => !isOurs(name) && PROVIDER.test(name));
}

/** The environment of a managed server, by allow-list: what it needs, provider credentials, and nothing of ours. */
export function serverEnvironment(
  paths: ServerPaths,
  environment: Environment,
  secrets: ServerSecrets,
): Record<string, string> {
  return {
    ...pick(environment, (name) => !isOurs(name) && ALLOWED.test(name)),
    ...providerCredentials(environment),
    ...FLAGS,
    HOME: paths.home,
    XDG_DATA_HOME: join(paths.home, '.local', 'share'),
    XDG_CONFIG_HOME: join(paths.home, '.config'),
    XDG_STATE_HOME: join(paths.home, '.local', 'state'),
    XDG_CACHE_HOME: join(paths.home, '.cache'),
    TMPDIR: paths.temp,
    [MARKER]: paths.root,
    [PASSWORD_VARIABLE]: secrets.password,
    OPENCODE_CONFIG_CONTENT: JSON.stringify(secrets.config),
    ...(secrets.authContent && { OPENCODE_AUTH_CONTENT: secrets.authContent }),
    ...(!needsCatalogue(secrets, environment) && { OPENCODE_MODELS_PATH: paths.noModels }),
  };
}

export interface ServerSecrets {
  readonly password: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Content of the user's own `auth.json`. */
  readonly authContent?: string | undefined;
}

/**
 * Whether a server may reach a model that it knows from OpenCode's own catalogue of all providers alone: it has credentials
 * of one, or its configuration names one without describing it. Who describes all that there is does without the catalogue,
 * which OpenCode reads anew for each directory (docs/decisions/0032-no-catalogue-where-all-is-described.md).
 */
function needsCatalogue({ config, authContent }: ServerSecrets, environment: Environment): boolean {
  if (authContent || Object.keys(providerCredentials(environment)).length > 0) return true;
  const { success, data } = describedProviders.safeParse(config);
  return !success || (data.model !== undefined && !Object.hasOwn(data.provider, data.model.split('/')[0] ?? ''));
}

/** Each with the package that speaks to it and with models: nothing is left for the catalogue to say. */
const describedProviders = z.object({
  provider: z.record(
    z.string(),
    z.object({
      npm: z.string(),
      models: z.record(z.string(), z.unknown()).refine((models) => Object.keys(models).length > 0),
    }),
  ),
  model: z.string().optional(),
});

/** Nothing downloaded, shared, updated or loaded that was not asked for; configuration only from us. */
const FLAGS = {
  OPENCODE_DISABLE_PROJECT_CONFIG: '1',
  OPENCODE_DISABLE_MODELS_FETCH: '1',
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
  OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
  OPENCODE_DISABLE_SHARE: '1',
  OPENCODE_DISABLE_CLAUDE_CODE: '1',
  OPENCODE_DISABLE_EXTERNAL_SKILLS: '1',
  OPENCODE_DISABLE_FFF: '1',
  OPENCODE_EXPERIMENTAL_DISABLE_FILEWATCHER: '1',
};

const ALLOWED = new RegExp(
  `^(${[
    'PATH|LANG|LANGUAGE|LC_.+|TZ|TERM|SHELL|USER|LOGNAME',
    '(HTTP|HTTPS|ALL|NO|http|https|all|no)_(PROXY|proxy)',
    'SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE',
  ].join('|')})$`,
);

const PROVIDER = new RegExp(
  `^(${[
    '[A-Z0-9_]+_API_KEY|[A-Z0-9_]+_API_TOKEN',
    '(AWS|GOOGLE|AZURE|VERTEX|CLOUDFLARE|AICORE|SNOWFLAKE|DATABRICKS)_.+',
    'ANTHROPIC_(AUTH_TOKEN|BASE_URL)|OPENAI_BASE_URL|GITHUB_TOKEN|GITLAB_TOKEN|HF_TOKEN|GCLOUD_PROJECT',
  ].join('|')})$`,
);

/** What the tools of an agent have no business to see: the server's secrets and the credentials that it pays with. OpenCode would hand them its own whole environment. */
export const HIDDEN_FROM_TOOLS = new RegExp(
  `^OPENCODE_(SERVER_PASSWORD|CONFIG_CONTENT|AUTH_CONTENT)$|${PROVIDER.source}`,
);

/** Settings of this product, whatever they happen to be called. */
function isOurs(name: string): boolean {
  return /^(OIO|JWT|DATABASE|POSTGRES|PG|REDIS|NATS|ENCRYPTION|OPENCODE)_?/.test(name) && name !== 'OPENCODE_API_KEY';
}

function pick(environment: Environment, wanted: (name: string) => boolean): Record<string, string> {
  const picked = Object.entries(environment).filter(([name, value]) => value !== undefined && wanted(name));
  return Object.fromEntries(picked) as Record<string, string>;
}
