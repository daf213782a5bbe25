/**
 * What was opened, closed in reverse order. As the language's AsyncDisposableStack, which Node 22 does not have yet: everything is
 * closed even when one of them fails, and then the first failure is thrown.
 */
export class DisposeStack implements AsyncDisposable {
  readonly #closers: (() => Promise<void> | void)[] = []

  use<T extends AsyncDisposable>(resource: T): T {
    this.defer(() => resource[Symbol.asyncDispose]() as Promise<void>)
    return resource
  }

  defer(close: () => Promise<void> | void): void {
    this.#closers.push(close)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = []
    for (;;) {
      const close = this.#closers.pop()
      if (close === undefined) break
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1) throw new AggregateError(failures, `${failures.length} resources failed to close`)
  }
}
