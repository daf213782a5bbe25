import type { ResponseSink } from '../../../execution/execution.ts'

/** Pieces of a response between a function that makes them and a client that reads them: one at a time, so neither runs ahead. */
export class StreamedResponse implements ResponseSink {
  /** Resolves with the content type when the function has begun to answer. */
  readonly opened: Promise<string>
  readonly #opened = Promise.withResolvers<string>()
  #piece: { readonly bytes: Buffer; readonly taken: () => void } | undefined
  #onChange: (() => void) | undefined
  #isEnded = false
  #isAbandoned = false

  constructor() {
    this.opened = this.#opened.promise
  }

  open(contentType: string): void {
    this.#opened.resolve(contentType)
  }

  /** Resolves when the client's side has taken the piece. Of a client that has left, everything is taken. */
  write(bytes: Buffer): Promise<void> | undefined {
    if (this.#isAbandoned) return undefined
    return new Promise((resolve) => {
      this.#piece = { bytes, taken: resolve }
      this.#onChange?.()
    })
  }

  /** No piece comes any more. */
  end(): void {
    this.#isEnded = true
    this.#onChange?.()
  }

  async *pieces(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const piece = this.#piece
        if (piece !== undefined) {
          this.#piece = undefined
          yield piece.bytes
          piece.taken()
        } else if (this.#isEnded) return
        else await this.#changed()
      }
    } finally {
      this.#isAbandoned = true
      this.#piece?.taken()
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = () => {
        this.#onChange = undefined
        resolve()
      }
    })
  }
}
