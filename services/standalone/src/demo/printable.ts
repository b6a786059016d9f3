/**
 * Text of an agent as it may be shown: what would move the cursor, change colours or turn the direction of writing stands
 * there as a visible code. Line breaks and tabs stay.
 */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(UNSAFE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Control characters but tab and line break; marks and overrides of direction; half surrogates. */
const UNSAFE = /[^\P{Cc}\t\n]|[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]|\p{Cs}/gu;

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text.replaceAll(/\s+/gu, ' ').trim());
}

/** Columns that a printable text takes in a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** The beginning of a printable text that fits, with `…` where something is missing. */
export function shorten(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) break;
    kept += character;
  }
  return width > 0 ? `${kept}…` : '';
}

/** Filled up with blanks, or shortened, to exactly this width. */
export function fitted(text: string, width: number): string {
  const short = shorten(text, width);
  return short + ' '.repeat(Math.max(0, width - widthOf(short)));
}

function characterWidth(character: string): number {
  if (TAKES_NONE.test(character)) return 0;
  return TAKES_TWO.test(character) ? 2 : 1;
}

const TAKES_NONE = /^[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]/u;
/** Source: the ranges of width W and F in Unicode's EastAsianWidth.txt, rounded to blocks. */
const TAKES_TWO =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{17000}-\u{18AFF}\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}])/u;
