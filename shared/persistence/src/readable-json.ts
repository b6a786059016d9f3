/**
 * SQL for a column of type json in a place that takes it apart: null for what is no object, or holds a NUL that is
 * written as an escape, at which PostgreSQL fails and the whole statement with it. One bad row must not hide all others.
 */
export function readableJson(column: string): string {
  const text = `${column}::text`;
  const hasNul = String.raw`strpos(${text}, '\u0000') > 0 and ${text} ~ '(^|[^\\])(\\\\)*\\u0000'`;
  return `(case when json_typeof(${column}) <> 'object' then null when ${hasNul} then null else ${column} end)`;
}
