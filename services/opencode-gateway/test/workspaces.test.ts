/** What is done to the directories that sessions work in, in one process: each file alone would load the same again. */
import './workspaces/assert-inside.ts';
import './workspaces/commit-workspace.ts';
import './workspaces/diff-workspace.ts';
import './workspaces/inspect-directory.ts';
import './workspaces/prepare-workspace.ts';
import './workspaces/project-plugins.ts';
import './workspaces/release-workspace.ts';
import './workspaces/restore-workspace.ts';
import './workspaces/snapshot-workspace.ts';
import './workspaces/workspaces.ts';
