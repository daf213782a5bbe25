/** Small network chunks are gathered to this before a write: 64 KiB 0.9 GB/s, 256 KiB 2 GB/s, 1 MiB the same. */
export const BLOCK_BYTES = 256 * 1024

/** Memory of one disk write. Shared, so that a hashing thread reads it while it is being written. */
export class Block {
  readonly memory = new SharedArrayBuffer(BLOCK_BYTES)
  readonly bytes = Buffer.from(this.memory)
  byteCount = 0

  get isFull(): boolean {
    return this.byteCount === BLOCK_BYTES
  }

  /** Copies as much of `chunk` from `offset` on as there is room for, and says how much that was. */
  fill(chunk: Uint8Array, offset: number): number {
    const taken = Math.min(chunk.length - offset, BLOCK_BYTES - this.byteCount)
    this.bytes.set(taken === chunk.length ? chunk : chunk.subarray(offset, offset + taken), this.byteCount)
    this.byteCount += taken
    return taken
  }
}

/** Keeps some blocks for the next body, so that steady uploads allocate nothing. */
export class BlockPool {
  readonly #idle: Block[] = []
  readonly #idleCountMax: number

  constructor(idleCountMax = 32) {
    this.#idleCountMax = idleCountMax
  }

  take(): Block {
    const block = this.#idle.pop() ?? new Block()
    block.byteCount = 0
    return block
  }

  give(block: Block): void {
    if (this.#idle.length < this.#idleCountMax) this.#idle.push(block)
  }
}
