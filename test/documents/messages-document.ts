import * as contracts from '@oio/contracts';
import { type Contract, clientCommands, eventEnvelope, internalCommands, sessionEventData } from '@oio/contracts';
import { z } from 'zod';

/** `docs/messages.md`: everything that the services say to each other, from the contract values. */
export async function messagesDocument(): Promise<string> {
  const exported: readonly unknown[] = Object.values(contracts);
  const others = exported.filter(isContract);
  const ofKind = (kind: Contract['kind']) => others.filter((contract) => contract.kind === kind);
  return `# Messages

Generated from \`shared/contracts\` by \`npm run documents\`; not to be edited. An envelope (id, correlation, causation,
tenant, principal, session) travels with each of them.

## Commands to a session

Requests to the owner of a session, at \`worker.<incarnation>.<subject>\`, or to any worker, which then claims it.

${table(Object.values(clientCommands))}

Those of the other services:

${table(Object.values(internalCommands))}

## Events of a session

Facts of the history, in order per session, delivered at least once. Each has ${fieldsOf(z.object(eventEnvelope))}, \`type\` and \`data\`. Those with
\`from\` and \`to\` are the changes of status.

${eventTable()}

## Other requests

${table(ofKind('request'))}

## News that is not stored

${table(ofKind('live'))}
`;
}

function isContract(value: unknown): value is Contract {
  return typeof value === 'object' && value !== null && 'kind' in value && 'subject' in value && 'payload' in value;
}

function table(list: readonly Contract[]): string {
  const rows = list.map(({ subject, summary, payload }) => `| \`${subject}\` | ${summary} | ${fieldsOf(payload)} |`);
  return ['| subject | what it says | payload |', '| --- | --- | --- |', ...rows].join('\n');
}

function eventTable(): string {
  const rows = Object.entries(sessionEventData).map(([type, data]) => `| \`events.${type}\` | ${fieldsOf(data)} |`);
  return ['| subject | data |', '| --- | --- |', ...rows].join('\n');
}

interface Shape {
  readonly properties?: object;
  readonly required?: readonly string[];
}

function fieldsOf(payload: z.ZodType): string {
  const schema = z.toJSONSchema(payload, { io: 'input', unrepresentable: 'any' }) as Shape & {
    readonly $defs?: Readonly<Record<string, Shape>>;
    readonly $ref?: string;
  };
  // What has a name of its own in the documents of the API stands beside it.
  const { properties = {}, required: needed = [] } = schema.$defs?.[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
  const names = Object.keys(properties);
  const required = new Set(needed);
  return names.map((name) => (required.has(name) ? `\`${name}\`` : `\`${name}\`?`)).join(', ') || '–';
}
