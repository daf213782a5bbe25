const NULLS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL'])
/** YAML 1.1's, without the single letters, which CloudFormation's reader does not take either. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map(
  ['true', 'yes', 'on', 'false', 'no', 'off'].flatMap((word, index) =>
    [word, word.toUpperCase(), word[0]?.toUpperCase() + word.slice(1)].map((text) => [text, index < 3] as const),
  ),
)
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/

/** What an unquoted YAML scalar means. */
export function plainScalar(text: string): string | number | boolean | null {
  if (NULLS.has(text)) return null
  return BOOLEANS.get(text) ?? numberAsWritten(text)
}

/**
 * A number if it prints as it was written, else its text: `000000000000` is an account, `0755` a file mode, `1.10` a version, and twenty
 * digits are more than a double holds. Whoever wants a number takes the text of one too.
 */
export function numberAsWritten(text: string): string | number {
  return NUMBER.test(text) && String(Number(text)) === text ? Number(text) : text
}
