/**
 * SQL for a column of type json in a place that takes it apart: null for what is no object, or holds the escape of a NUL or
 * of half a character, at which PostgreSQL fails and the whole statement with it. One bad row must not hide all others.
 * Whole characters are never stored as escapes of their halves, so that no pair of these is looked for.
 */
export function readableJson(column: string): string {
  const text = `${column}::text`;
  const hasBadEscape = String.raw`strpos(${text}, '\u') > 0 and ${text} ~ '(^|[^\\])(\\\\)*\\u(0000|[dD][89a-fA-F])'`;
  return `(case when json_typeof(${column}) <> 'object' then null when ${hasBadEscape} then null else ${column} end)`;
}
