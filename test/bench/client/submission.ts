const BYTES = 1_024;

/** A session of 1 KB of JSON with a priority. */
export function submission(directory: string) {
  const session = {
    title: 'Count the words of a document',
    priority: 'high',
    directory,
    workspace: 'in_place',
    metadata: { ticket: 4_711, origin: 'bench' },
    prompt: '',
  };
  const room = BYTES - JSON.stringify(session).length;
  return { ...session, prompt: 'Count the words. '.repeat(BYTES).slice(0, Math.max(1, room)) };
}
