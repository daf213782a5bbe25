/** Throws when our own reasoning is wrong; never for a client's mistake. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${sentence}`)
}

/** Ends a switch over a union: a state nobody handled does not compile, and throws if it arrives anyway. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`)
}
