import { z } from 'zod';
import { came } from './excerpt.ts';
import { boundedText, oneOf, text } from './fields.ts';

export const PERMISSION_ACTIONS = ['allow', 'deny', 'ask'] as const;

const TOOL = /^[A-Za-z0-9_*?-]{1,100}$/;
const MOST_RULES = 50;

const tool = text('tool').refine((value) => TOOL.test(value), {
  error: (issue) =>
    `tool must be the name of a permission of OpenCode, such as bash, edit or external_directory: 1–100 letters, digits, _ and -, or * for any; ${came(issue.input)}.`,
});

/** What the agent may do with one tool. As in OpenCode, `*` stands for any text and `?` for any character. */
export const permissionRule = z.strictObject(
  {
    tool,
    pattern: boundedText('pattern', 1, 1_000)
      .default('*')
      .describe(
        'What the tool is used on: the command of bash, the path of edit, the directory of external_directory.',
      ),
    action: oneOf('action', PERMISSION_ACTIONS),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? `A permission must be an object of tool, pattern and action; ${came(issue.input)}.`
        : undefined,
  },
);
export type PermissionRule = z.output<typeof permissionRule>;

/** The last rule that matches decides. */
export const permissionRules = z
  .array(permissionRule, {
    error: (issue) => `permissions must be a list of { tool, pattern, action }; ${came(issue.input)}.`,
  })
  .max(MOST_RULES, `permissions must be at most ${MOST_RULES}.`);
