export interface ChangedFile {
  /** Relative to the top of the repository; the new path of a renamed file. */
  readonly path: string;
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed';
  /** Lines; 0 for a binary file. */
  readonly additions: number;
  readonly deletions: number;
}

/**
 * The output of `git diff-index --raw --numstat -z`: first one record per file that begins with a colon, then, in the
 * same order, one with its lines; each followed by one path or, when renamed, two. It may be cut off anywhere.
 */
export function parseChanges(output: string): ChangedFile[] {
  const fields = output.split('\0');
  // After the last NUL comes nothing, or a record that was cut off.
  fields.pop();
  const files: Omit<ChangedFile, 'additions' | 'deletions'>[] = [];
  let at = 0;
  while (fields[at]?.startsWith(':')) {
    const status = STATUS[fields[at]?.split(' ')[4]?.[0] ?? ''] ?? 'modified';
    at += status === 'renamed' ? 3 : 2;
    const path = fields[at - 1];
    if (path !== undefined) files.push({ path, status });
  }
  return files.map((file) => {
    const [additions, deletions, path] = (fields[at] ?? '').split('\t');
    at += path === '' ? 3 : 1;
    return {
      ...file,
      additions: Number.parseInt(additions ?? '', 10) || 0,
      deletions: Number.parseInt(deletions ?? '', 10) || 0,
    };
  });
}

const STATUS: Readonly<Record<string, ChangedFile['status']>> = { A: 'added', D: 'deleted', R: 'renamed' };
