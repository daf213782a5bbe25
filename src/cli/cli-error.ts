/** Exit codes of every command. Documented in the README: scripts depend on them. */
export const EXIT = { ok: 0, failure: 1, usage: 2, notFound: 3, denied: 4, timeout: 5, interrupted: 130 } as const

/** A failure to tell the user: what happened, and what to do about it. */
export class CliError extends Error {
  readonly fix: string | undefined
  readonly exitCode: number
  constructor(message: string, options: { fix?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.fix = options.fix
    this.exitCode = options.exitCode ?? EXIT.failure
  }
}
