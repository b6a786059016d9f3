import { textArray } from './text-array.ts';

/** The columns of rows that are given as parameters, by name, each with its type in the database. */
export type Columns = Readonly<Record<string, string>>;
/** A row of them: what `String` makes of a value is its text. Objects come as JSON. */
export type RowOf<C extends Columns> = Readonly<Record<keyof C, string | number | boolean | null>>;

/**
 * A sub-select of rows that come as one array per column, from parameter `$first` on. Cheaper than one JSON document: the
 * server neither parses it nor takes it apart.
 */
export function selectOfArrays(columns: Columns, first: number): string {
  const names = Object.keys(columns);
  const parameters = names.map((_, index) => `$${first + index}::text[]`);
  const typed = Object.entries(columns).map(([name, type]) => (type === 'text' ? name : `${name}::${type} as ${name}`));
  return `select ${typed.join(', ')} from unnest(${parameters.join(', ')}) as r(${names.join(', ')})`;
}

/** The parameters for it. */
export function arraysOf<C extends Columns>(columns: C, rows: readonly RowOf<C>[]): Buffer[] {
  return Object.keys(columns).map((name) =>
    textArray(
      rows.map((row) => {
        const value = row[name] ?? null;
        return value === null ? null : String(value);
      }),
    ),
  );
}

/** An array of texts as the text of one value. */
export function arrayLiteral(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
