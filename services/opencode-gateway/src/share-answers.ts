/** Asks `ask` under a key, or joins those who wait for the same answer. */
export type SharedAnswers<T> = (key: string, ask: () => Promise<T>) => Promise<T>;

/**
 * Lets callers that ask the same thing at the same time share one answer; never one that was begun before they asked, so
 * that nobody is told of a state older than his question. Three hundred submissions to one repository ask git twice.
 */
export function shareAnswers<T>(): SharedAnswers<T> {
  const notBegun = new Map<string, Promise<T>>();
  const latest = new Map<string, Promise<T>>();
  return (key, ask) => {
    const joined = notBegun.get(key);
    if (joined) return joined;
    const answer = settled(latest.get(key)).then(() => {
      notBegun.delete(key);
      return ask();
    });
    notBegun.set(key, answer);
    latest.set(key, answer);
    void settled(answer).then(() => {
      if (latest.get(key) === answer) latest.delete(key);
    });
    return answer;
  };
}

async function settled(answer: Promise<unknown> | undefined): Promise<void> {
  await answer?.catch(() => {});
}
