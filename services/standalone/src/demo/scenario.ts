import type { NewSessionInput } from '@oio/contracts';
import { demoSessions } from '@oio/scripted-model';

export type DemoSessionName = keyof typeof demoSessions;

/** The order of everything that is shown: as the sessions are submitted. */
export const DEMO_SESSION_NAMES = Object.keys(demoSessions) as readonly DemoSessionName[];

export const REPOSITORY_NAME = 'text-tools';

/** What the demo submits under each name; the model is named so that one which OpenCode does not know is refused. */
export function demoSession(name: DemoSessionName, model: string): NewSessionInput {
  return { ...demoSessions[name], model, tags: ['demo'] };
}
