/** What has been counted; what an instance tells of itself, and what it reads from the database now and then, is its own. */
export function totalsIn(exposition: string): string[] {
  const lines = exposition.split('\n').filter((line) => /^oio_(?!metrics_|sessions\{|closed_models)/.test(line));
  return lines.sort();
}
