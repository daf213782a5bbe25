import { styleText } from 'node:util'

/** Data goes to stdout, talk to stderr, so that a pipe gets data only. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Styled where stderr is a terminal and NO_COLOR is not set; plain everywhere else. */
export function styled(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stderr })
}
