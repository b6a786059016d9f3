import { PERMISSION_ACTIONS, type PermissionRule } from '@oio/contracts';
import { InvalidArgumentError } from 'commander';

type Rules = PermissionRule[];

/** `bash=ask`, or `bash:git push *=deny`; given several times, the last one that matches decides. */
export function permissionOption(value: string, before: Rules = []): Rules {
  const end = value.lastIndexOf('=');
  const action = PERMISSION_ACTIONS.find((one) => one === value.slice(end + 1));
  if (end < 1 || !action) throw new InvalidArgumentError('It must be tool[:pattern]=allow, =deny or =ask.');
  const [tool = '', ...pattern] = value.slice(0, end).split(':');
  return [...before, { tool, pattern: pattern.join(':') || '*', action }];
}
