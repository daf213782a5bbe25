import { createDigester, type DigestName, type Digests } from '../std/digest.ts'
import type { DigestThreads, ThreadDigester } from '../std/digest-threads.ts'
import type { Block, BlockPool } from './block.ts'
import { writeFully } from './file-write.ts'

/** Blocks of one body that are being written and hashed while the next one fills: bounds what an upload holds in memory to 1 MiB. */
const BLOCKS_UNDER_WAY_MAX = 3

/** Bodies of less are hashed here and now: the way to a thread and back costs more than it saves. */
export const THREAD_BYTES_MIN = 1024 * 1024

export interface StreamedBody {
  readonly byteCount: number
  readonly digests: Digests
}

/**
 * Writes a body of any length to an open file: fills blocks, and hands each full one to disk and hash at the same time. Reads the
 * source only as fast as both follow. Throws the source's error or the disk's, after everything under way has ended.
 */
export async function writeStream(
  fd: number,
  chunks: AsyncIterable<Uint8Array>,
  names: readonly DigestName[],
  hashing: { readonly threads: DigestThreads; readonly inThread: boolean },
  pool: BlockPool,
): Promise<StreamedBody> {
  const digester = hashing.inThread && names.length > 0 ? threadHash(hashing.threads.begin(names)) : inlineHash(names)
  const underWay: Promise<void>[] = []
  let byteCount = 0
  let block = pool.take()

  const send = (full: Block): void => {
    const position = byteCount - full.byteCount
    const done = settleBoth(
      digester.update(full),
      writeFully(fd, full.bytes.subarray(0, full.byteCount), position),
    ).finally(() => pool.give(full))
    // Awaited below in order; a failure must not count as unhandled until then.
    done.catch(() => undefined)
    underWay.push(done)
  }

  try {
    for await (const chunk of chunks) {
      for (let offset = 0; offset < chunk.length; ) {
        const taken = block.fill(chunk, offset)
        offset += taken
        byteCount += taken
        if (!block.isFull) continue
        send(block)
        block = pool.take()
        if (underWay.length >= BLOCKS_UNDER_WAY_MAX) await underWay.shift()
      }
    }
    if (block.byteCount > 0) {
      send(block)
      block = pool.take()
    }
    for (const done of underWay) await done
    return { byteCount, digests: await digester.end() }
  } catch (error) {
    await Promise.allSettled(underWay)
    digester.drop()
    throw error
  } finally {
    pool.give(block)
  }
}

/** Both end before the block is used again, even when one of them fails. */
async function settleBoth(...work: Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason
}

interface BlockHash {
  update(block: Block): Promise<void>
  end(): Promise<Digests>
  drop(): void
}

function threadHash(digester: ThreadDigester): BlockHash {
  return {
    update: (block) => digester.update(block.memory, block.byteCount),
    end: () => digester.digest(),
    drop: () => digester.drop(),
  }
}

function inlineHash(names: readonly DigestName[]): BlockHash {
  const digester = createDigester(names)
  return {
    update: async (block) => digester.update(block.bytes.subarray(0, block.byteCount)),
    end: async () => digester.digest(),
    drop: () => {},
  }
}
