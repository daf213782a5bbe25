import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { assert } from './assert.ts'
import type { DigestReply, DigestRequest } from './digest-thread.ts'
import type { DigestName, Digests } from './digest.ts'

/**
 * Hashing is the ceiling for large bodies (MD5 with CRC64NVME 0.4 GB/s) and must not stop the event loop, so it has threads of its
 * own. They share the memory of the blocks: nothing is copied, and the block may be written to disk at the same time.
 */
export class DigestThreads implements AsyncDisposable {
  readonly #threadCountMax: number
  readonly #threads: DigestThread[] = []

  constructor(threadCountMax = Math.min(4, availableParallelism())) {
    this.#threadCountMax = threadCountMax
  }

  /** Begins a body on the thread that has the fewest; threads start when they are first needed. */
  begin(names: readonly DigestName[]): ThreadDigester {
    return new ThreadDigester(this.#leastBusy(), names)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.splice(0).map((thread) => thread.stop()))
  }

  #leastBusy(): DigestThread {
    const idle = this.#threads.find((thread) => thread.bodyCount === 0)
    if (idle !== undefined) return idle
    if (this.#threads.length < this.#threadCountMax) {
      const thread = new DigestThread((ended) => this.#forget(ended))
      this.#threads.push(thread)
      return thread
    }
    return this.#threads.reduce((best, thread) => (thread.bodyCount < best.bodyCount ? thread : best))
  }

  #forget(ended: DigestThread): void {
    const index = this.#threads.indexOf(ended)
    if (index >= 0) this.#threads.splice(index, 1)
  }
}

/** One body being hashed in a thread. Call `drop` if it is given up. */
export class ThreadDigester {
  readonly #thread: DigestThread
  readonly #body: number
  #isEnded = false

  constructor(thread: DigestThread, names: readonly DigestName[]) {
    this.#thread = thread
    this.#body = thread.begin(names)
  }

  /** Resolves when the thread has read the block: only then may it be filled again. */
  async update(block: SharedArrayBuffer, byteCount: number): Promise<void> {
    await this.#thread.ask({ kind: 'update', body: this.#body, block, byteCount })
  }

  async digest(): Promise<Digests> {
    this.#isEnded = true
    const digests = await this.#thread.ask({ kind: 'end', body: this.#body })
    this.#thread.end()
    assert(digests !== undefined, 'a thread answers the end of a body with its digests')
    return digests
  }

  drop(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#thread.tell({ kind: 'drop', body: this.#body })
    this.#thread.end()
  }
}

interface Question {
  readonly resolve: (digests: Digests | undefined) => void
  readonly reject: (error: Error) => void
}

/** Answers come in the order of the questions, so a queue is all the bookkeeping. */
class DigestThread {
  bodyCount = 0
  #nextBody = 0
  #failure: Error | undefined
  readonly #questions: Question[] = []
  readonly #worker: Worker

  constructor(onEnd: (thread: DigestThread) => void) {
    // The same file in the repository and in the published build.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#worker = new Worker(new URL(`./digest-thread.${extension}`, import.meta.url))
    this.#worker.unref()
    this.#worker.on('message', (reply: DigestReply) => this.#questions.shift()?.resolve(toBuffers(reply.digests)))
    const fail = (error: Error) => {
      this.#failure ??= error
      onEnd(this)
      for (const { reject } of this.#questions.splice(0)) reject(this.#failure)
    }
    this.#worker.on('error', fail)
    this.#worker.on('exit', (code) => fail(new Error(`digest thread ended with ${code}`)))
  }

  begin(names: readonly DigestName[]): number {
    const body = this.#nextBody++
    this.bodyCount++
    this.tell({ kind: 'begin', body, names })
    return body
  }

  end(): void {
    this.bodyCount--
  }

  tell(request: DigestRequest): void {
    this.#worker.postMessage(request)
  }

  ask(request: DigestRequest): Promise<Digests | undefined> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#questions.push({ resolve, reject })
      this.tell(request)
    })
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** Buffers cross threads as plain Uint8Arrays. */
function toBuffers(digests: Digests | undefined): Digests | undefined {
  if (digests === undefined) return undefined
  const buffers: Partial<Record<DigestName, Buffer>> = {}
  for (const [name, bytes] of Object.entries(digests)) buffers[name as DigestName] = Buffer.from(bytes as Uint8Array)
  return buffers
}
