import { EXIT_CODE } from '@oio/errors';
import { httpGatewayConfig, httpProcessConfig } from '@oio/http-gateway';
import { metricsConfig } from '@oio/metrics';
import { opencodeGatewayConfig, opencodeProcessConfig } from '@oio/opencode-gateway';
import { platformConfig } from '@oio/platform';
import { schedulerConfig } from '@oio/scheduler';
import { sessionActorConfig } from '@oio/session-actor';
import { standaloneOwnConfig } from '@oio/standalone';
import { z } from 'zod';

const PARTS: readonly (readonly [string, z.ZodObject])[] = [
  ['standalone', standaloneOwnConfig],
  ['each service that is a process of its own', platformConfig],
  ['http-gateway', httpGatewayConfig],
  ['http-gateway as a process of its own', beside(httpProcessConfig, httpGatewayConfig)],
  ['session-actor', sessionActorConfig],
  ['scheduler', schedulerConfig],
  ['opencode-gateway', opencodeGatewayConfig],
  ['opencode-gateway as a process of its own', beside(opencodeProcessConfig, opencodeGatewayConfig)],
  ['metrics', metricsConfig],
];

/** `docs/configuration.md`: every setting, from the schemas that read them. */
export async function configurationDocument(): Promise<string> {
  return `# Configuration

Generated from the \`config.ts\` of each service by \`npm run documents\`; not to be edited.

Every setting comes from the environment and is checked once at start-up; a wrong one ends the start with a message that
names the variable. \`npm start -- --help\` and \`npm run dev -- --help\` list the arguments that stand for the most common ones.

${PARTS.map(section).join('\n\n')}

## Exit codes

| code | meaning |
| --- | --- |
| 0 | It ran and was stopped. |
| ${EXIT_CODE.usage} | Wrong arguments. |
| ${EXIT_CODE.unavailable} | Something needed is missing or taken: a port, git, the database. |
| 70 | A defect of the program. |
| ${EXIT_CODE.storage} | A file or directory cannot be used: no space, no permission, damaged. |
| ${EXIT_CODE.config} | A setting is wrong, credentials are refused, or the database is of a newer version. |
`;
}

/** What a process of its own needs in addition, or otherwise. */
function beside(process: z.ZodObject, service: z.ZodObject): z.ZodObject {
  const known: Readonly<Record<string, unknown>> = service.shape;
  const further = Object.entries(process.shape).filter(([name, schema]) => known[name] !== schema);
  return z.object(Object.fromEntries(further));
}

interface Property {
  readonly description?: string;
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
}

function section([name, config]: readonly [string, z.ZodObject]): string {
  const schema = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, Property>;
    required?: readonly string[];
  };
  const rows = Object.entries(schema.properties ?? {}).map(
    ([variable, property]) =>
      `| \`${variable}\` | ${schema.required?.includes(variable) ? 'needed' : shownDefault(property)} | ${allowed(property)} | ${cell(property.description ?? '')} |`,
  );
  return [`## ${name}`, '', '| variable | default | allowed | meaning |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

function shownDefault({ default: value }: Property): string {
  return value === undefined || value === '' ? '–' : `\`${value}\``;
}

function allowed({ minimum, maximum, enum: words }: Property): string {
  if (words) return words.map((word) => `\`${word}\``).join(', ');
  return minimum === undefined || maximum === undefined ? '' : `${minimum}–${maximum}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
