import { close, closeSync, open, read } from 'node:fs'
import { promisify } from 'node:util'
import { BlobMissingError } from './blobs.ts'

const openFile = promisify(open)
const readOnce = promisify(read)

/** Read at once: 8 MiB in 16 trips to the disk. Smaller costs trips, larger memory. */
const CHUNK_BYTES = 512 * 1024

/** A reader that nobody ever iterated and nobody holds any more: its file must not stay open. */
const forgotten = new FinalizationRegistry<number>((fd) => close(fd))

/**
 * Opens the file and reads the first chunk, so that a missing file is known before any byte was promised. The next chunk is read
 * while the consumer handles the one it has; more is never read ahead.
 */
export async function readFileRange(path: string, start: number, end: number): Promise<AsyncIterable<Buffer>> {
  const fd = await openFile(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new BlobMissingError(`no blob at ${path}`, { cause: error })
    throw error
  })
  let first: Buffer
  try {
    first = await readChunk(fd, path, start, end)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  const next = start + first.length
  if (next <= end) return new FileReader(fd, path, first, next, end)
  closeSync(fd)
  return oneChunk(first)
}

async function* oneChunk(chunk: Buffer): AsyncGenerator<Buffer> {
  if (chunk.length > 0) yield chunk
}

class FileReader implements AsyncIterableIterator<Buffer> {
  readonly #fd: number
  readonly #path: string
  readonly #end: number
  #position: number
  #ahead: Promise<Buffer> | undefined
  #isClosed = false

  constructor(fd: number, path: string, first: Buffer, position: number, end: number) {
    this.#fd = fd
    this.#path = path
    this.#ahead = Promise.resolve(first)
    this.#position = position
    this.#end = end
    forgotten.register(this, fd, this)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#ahead === undefined) return { done: true, value: undefined }
    let chunk: Buffer
    try {
      chunk = await this.#ahead
    } catch (error) {
      this.#ahead = undefined
      this.#close()
      throw error
    }
    this.#ahead = this.#readAhead()
    // The last chunk is in memory: the file is not needed while the consumer sends it.
    if (this.#ahead === undefined) this.#close()
    return { done: false, value: chunk }
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    const ahead = this.#ahead
    this.#ahead = undefined
    await ahead?.catch(() => undefined)
    this.#close()
    return { done: true, value: undefined }
  }

  #readAhead(): Promise<Buffer> | undefined {
    if (this.#isClosed || this.#position > this.#end) return undefined
    const position = this.#position
    this.#position = Math.min(position + CHUNK_BYTES, this.#end + 1)
    const chunk = readChunk(this.#fd, this.#path, position, this.#end)
    chunk.catch(() => undefined)
    return chunk
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    forgotten.unregister(this)
    closeSync(this.#fd)
  }
}

async function readChunk(fd: number, path: string, position: number, end: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end - position + 1))
  for (let filled = 0; filled < chunk.length; ) {
    const { bytesRead } = await readOnce(fd, chunk, filled, chunk.length - filled, position + filled)
    if (bytesRead === 0) throw new Error(`${path} ends at byte ${position + filled}, ${end + 1} were expected`)
    filled += bytesRead
  }
  return chunk
}
