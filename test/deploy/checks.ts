export async function expectFailure(work: () => Promise<unknown>, wanted: RegExp): Promise<void> {
  let said: string
  try {
    await work()
    said = 'it did not fail'
  } catch (error) {
    said = (error as Error).message
  }
  if (!wanted.test(said)) throw new Error(`expected a failure like ${wanted}, got: ${said}`)
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`)
}

export function expectMatch(text: string, wanted: RegExp, what: string): void {
  if (!wanted.test(text)) throw new Error(`${what}: expected ${wanted}, got:\n${text}`)
}
