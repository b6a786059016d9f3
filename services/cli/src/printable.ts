/** Text of an agent or a stranger, without the control characters that a terminal would obey. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '�');
}
