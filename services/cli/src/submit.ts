import type { NewSessionInput, SessionView } from '@oio/contracts';
import type { Client } from '@oio/sdk';

export interface SubmitOptions {
  readonly title?: string;
  readonly directory?: string | undefined;
  readonly model?: string;
  readonly agent?: string;
  readonly type?: NewSessionInput['type'];
  readonly priority?: NewSessionInput['priority'];
  readonly workspace?: NewSessionInput['workspace'];
  /** Ids, separated by commas. */
  readonly after?: string;
  /** Its concurrency key. */
  readonly key?: string;
  readonly onConflict?: NewSessionInput['onConflict'];
  /** As the API takes it. */
  readonly notBefore?: string;
  readonly queueTimeout?: string;
  readonly maxDuration?: string;
  readonly permission?: NewSessionInput['permissions'];
  readonly approvalSeconds?: number;
  readonly tag?: readonly string[];
}

const TITLE_CHARACTERS = 80;

/** Submits a prompt. */
export function submit(client: Client, prompt: string, options: SubmitOptions): Promise<SessionView> {
  return client.createSession(sessionOf(prompt, options));
}

/** A session by its prompt and what is said beside it; the title is the first line of the prompt unless one is given. */
export function sessionOf(prompt: string, options: SubmitOptions): NewSessionInput {
  const { title, after, queueTimeout, maxDuration, directory, model, agent, type, priority, workspace, notBefore } =
    options;
  const [queueTimeoutSeconds, maxDurationSeconds] = [numberOf(queueTimeout), numberOf(maxDuration)];
  const dependsOn = after?.split(',').map((session) => ({ session: session.trim() }));
  const named = {
    dependsOn,
    directory,
    model,
    agent,
    type,
    priority,
    workspace,
    concurrencyKey: options.key,
    onConflict: options.onConflict,
    permissions: options.permission,
    approvalSeconds: options.approvalSeconds,
    tags: options.tag && [...options.tag],
    notBefore,
    queueTimeoutSeconds,
    maxDurationSeconds,
  };
  const given = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined && value !== ''));
  return { title: title ?? titleOf(prompt), prompt, ...given };
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function titleOf(prompt: string): string {
  const [line = ''] = prompt.trim().split('\n');
  const characters = [...line];
  return characters.length <= TITLE_CHARACTERS ? line : `${characters.slice(0, TITLE_CHARACTERS - 1).join('')}…`;
}
