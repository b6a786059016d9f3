import type { inspectPlace, PayloadOf, Place, ReplyOf, Violation, WorkspaceKind } from '@oio/contracts';
import type { Catalogue } from './catalogue.ts';
import type { Cgroups } from './cgroups/find-cgroups.ts';
import type { SharedAnswers } from './share-answers.ts';
import { findProjectPlugins } from './workspaces/project-plugins.ts';
import type { Workspaces } from './workspaces/workspaces.ts';

type Question = PayloadOf<typeof inspectPlace>;

export interface InspectPlaceParts {
  readonly workspaces: Workspaces;
  readonly catalogue: () => Promise<Catalogue>;
  readonly roots: readonly string[];
  /** What limits can be enforced in. */
  readonly cgroups: () => Promise<Pick<Cgroups, 'obstacles'>>;
  /** Looking at a directory costs several runs of git. */
  readonly shared: SharedAnswers<Located>;
}

/** Everything that would make a session impossible here: its directory, workspace, agent, models and limits. */
export async function answerInspectPlace(
  parts: InspectPlaceParts,
  question: Question,
): Promise<ReplyOf<typeof inspectPlace>> {
  const [located, catalogue] = await Promise.all([locate(parts, question), parts.catalogue()]);
  const violations = [
    ...located.violations,
    ...agentViolations(question, catalogue),
    ...modelViolations(question, catalogue),
    ...(await limitViolations(parts, question)),
  ];
  return { place: located.place, violations, defaultModel: catalogue.defaultModel };
}

export interface Located {
  readonly place: Place | null;
  readonly violations: readonly Violation[];
}

function locate(parts: InspectPlaceParts, { directory, workspace }: Question): Promise<Located> {
  const wanted = directory ?? parts.roots[0];
  if (!wanted)
    return Promise.resolve(impossible('directory', 'required', 'directory is needed: the operator has set no root.'));
  return parts.shared(JSON.stringify([wanted, workspace]), () => look(parts, wanted, workspace));
}

async function look({ workspaces }: InspectPlaceParts, wanted: string, kind: WorkspaceKind | null): Promise<Located> {
  const found = await workspaces.inspectDirectory({ directory: wanted });
  if ('violations' in found) return { place: null, violations: found.violations };
  const { directory, repository } = found;
  const workspace = kind ?? (repository?.revision ? 'worktree' : 'in_place');
  if (workspace === 'worktree' && !repository?.revision)
    return impossible('workspace', 'no_revision', needsRevision(directory, repository !== null));
  const plugins = workspace === 'in_place' ? await findProjectPlugins(directory) : null;
  if (plugins) return impossible('directory', 'project_plugins', bringsPlugins(plugins));
  return { place: { directory, workspace, repository: pick(repository) }, violations: [] };
}

function needsRevision(directory: string, isRepository: boolean): string {
  const state = isRepository ? 'a repository without one' : 'not in a repository';
  return `workspace "worktree" needs a git repository with at least one commit; ${directory} is ${state}. Use "in_place".`;
}

function bringsPlugins(path: string): string {
  return `directory brings OpenCode plugins (${path}), which would run inside the server. Take them away, or use a worktree.`;
}

function impossible(field: string, code: string, message: string): Located {
  return { place: null, violations: [{ field, code, message }] };
}

function pick(repository: Place['repository']): Place['repository'] {
  return repository && { root: repository.root, revision: repository.revision };
}

function agentViolations({ agent, agentConfigNames }: Question, { agents }: Catalogue): Violation[] {
  if (agent === null || agentConfigNames.includes(agent) || agents.has(agent)) return [];
  return [
    {
      field: 'agent',
      code: 'agent_not_found',
      message: `Neither agentConfig nor the OpenCode server knows the agent "${agent}". Known: ${[...agents].sort().join(', ')}.`,
    },
  ];
}

function modelViolations({ models }: Question, catalogue: Catalogue): Violation[] {
  if (models.length === 0 && catalogue.defaultModel === null) {
    return [
      {
        field: 'model',
        code: 'required',
        message: `model is needed: the OpenCode server has no default. ${offered(catalogue)}`,
      },
    ];
  }
  return models
    .filter(({ model }) => !catalogue.models.has(model))
    .map(({ field, model }) => ({
      field,
      code: 'model_not_found',
      message: `The OpenCode server does not have the model "${model}". ${offered(catalogue, model)}`,
    }));
}

/** Refused rather than ignored. Most sessions have none, and nothing is asked for them. */
async function limitViolations({ cgroups }: InspectPlaceParts, question: Question): Promise<Violation[]> {
  const wanted = (['cpuLimit', 'memoryLimitMb'] as const).filter((field) => question[field] !== null);
  if (wanted.length === 0) return [];
  const { obstacles } = await cgroups();
  return wanted.flatMap((field) =>
    obstacles[field] === null
      ? []
      : [{ field, code: 'unenforceable', message: unenforceable(field, obstacles[field]) }],
  );
}

function unenforceable(field: string, obstacle: string): string {
  return `${field} cannot be enforced here: ${obstacle}. Leave it out, or have the operator give the opencode-gateway a cgroup of its own (OPENCODE_CGROUP).`;
}

const SHOWN = 8;

function offered({ models }: Catalogue, wanted = ''): string {
  if (models.size === 0) return 'It has none: give it the credentials of a provider.';
  const provider = wanted.slice(0, wanted.indexOf('/') + 1);
  const sorted = [...models].sort(
    (a, b) => Number(b.startsWith(provider)) - Number(a.startsWith(provider)) || (a < b ? -1 : 1),
  );
  const more = sorted.length > SHOWN ? ` and ${sorted.length - SHOWN} more` : '';
  return `It has ${sorted.slice(0, SHOWN).join(', ')}${more}.`;
}
