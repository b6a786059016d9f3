/** What stands where a secret was. */
export const CENSORED = '[secret]';

const MARKS =
  'password|passwd|passphrase|secret|api[-_]?key|(?:private|encryption|signing)[-_]?key|authorization|cookie|credential';
/** Only at the end of a name: `accessToken` is a secret, `tokens` and `tokenCount` are numbers of something else. */
const MARKS_AT_END = 'token|pwd|database_?url';
const SECRET_NAME = new RegExp(`(?:${MARKS})|(?:${MARKS_AT_END})$`, 'i');

/** Whether what stands under this name is a secret: `password`, `JWT_SECRET_KEY`, `x-api-key`, `accessToken`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The end of such a name in a text. Every repetition in the rules is bounded or starts at a mark, so that they stay linear. */
const NAME = `(?:(?:${MARKS})[\\w-]{0,40}|(?:${MARKS_AT_END})\\b)`;

/** What is secret by its form or by the name in front of it. What it is replaced by keeps JSON well formed. */
const RULES: readonly (readonly [RegExp, string])[] = [
  // Credentials in a URL. A port is not a password: `http://host:8000/@scope`. Nor is the word, as where a form is explained.
  [
    /(:\/\/[^\s"\\/@:?#]{0,256}):(?!password@[^\s"@]+(?:[\s"]|$))(?!\d{1,5}(?:[/?#\s"\\]|$))(?:[^\s"\\]|\\[^nrt"]){1,512}@/g,
    `$1:${CENSORED}@`,
  ],
  [/:\/\/[^\s"\\/@:?#]{16,512}@/g, `://${CENSORED}@`],
  [/\b(bearer|basic)\s+[\w+/=.~-]{8,}/gi, `$1 ${CENSORED}`],
  // "name":"value"; the same inside of a JSON string, however deep, with the backslashes of its level; name: 'value'.
  [new RegExp(`(${NAME}"\\s*:\\s*")(?:[^"\\\\]|\\\\.)*"`, 'gi'), `$1${CENSORED}"`],
  [new RegExp(`(${NAME}(\\\\+)"\\s*:\\s*\\2")(?:[^"]|(?<=\\\\)")*?(?=(?<!\\\\)(?:\\2)?")`, 'gi'), `$1${CENSORED}`],
  [new RegExp(`(${NAME}['"]?\\s*:\\s*)'[^'"]*'`, 'gi'), `$1'${CENSORED}'`],
  // name=value in query strings, connection strings and environments; name: value in headers and sentences, but for those
  // that say what is wrong with the setting of this name.
  [new RegExp(`(${NAME}=)(?:'[^'"]*'|[^\\s"'\\\\&;,)]+)`, 'gi'), `$1${CENSORED}`],
  [new RegExp(`((?:${MARKS}):\\s+)(?!(?:is|must|needs|holds)\\s)[^\\s"'\\\\,;\\[]+`, 'gi'), `$1${CENSORED}`],
  // Keys that are known by their beginning, and signed tokens.
  [/\b(?:sk-|gh[pousr]_|github_pat_|xox[abprs]-|AKIA)[\w-]{16,}/g, CENSORED],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, CENSORED],
  [/(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----).{0,8192}?(-----END)/gs, `$1${CENSORED}$2`],
];

/** The text, plain or JSON, without the secrets that can be told by their form or by the name in front of them. */
export function withoutSecrets(text: string): string {
  return RULES.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}
