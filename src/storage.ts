import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { BlobStore } from './blobs/blobs.ts'
import { openDiskBlobs } from './blobs/disk.ts'
import { MemoryBlobs } from './blobs/memory.ts'
import type { ServerConfig } from './config.ts'
import { newMasterKey, openDataDirectory } from './data-directory.ts'
import type { Clock } from './std/clock.ts'
import type { DisposeStack } from './std/dispose-stack.ts'
import type { MasterKey } from './std/master-key.ts'
import { openLevelStore } from './store/engines/leveldb.ts'
import { MemoryStore } from './store/engines/memory.ts'
import type { Store } from './store/store.ts'

/** What the server keeps, and where. */
export interface Storage {
  readonly store: Store
  readonly blobs: BlobStore
  readonly masterKey: MasterKey
  /** Where clients find credentials and address; null where nothing is kept. */
  readonly dataPath: string | null
  /** Unpacked code and what environments leave: made again when it is missing. */
  readonly workPath: string
}

/** Opens the store and the blobs that the settings name; `opened` closes them again. */
export async function openStorage(config: ServerConfig, clock: Clock, opened: DisposeStack): Promise<Storage> {
  if (config.storage.kind === 'memory') {
    const workPath = await mkdtemp(join(tmpdir(), 'millrace-'))
    opened.defer(() => rm(workPath, { recursive: true, force: true }))
    return {
      store: opened.use(new MemoryStore()),
      blobs: opened.use(new MemoryBlobs(clock)),
      masterKey: newMasterKey(),
      dataPath: null,
      workPath,
    }
  }
  const dataPath = resolve(config.storage.dataPath)
  const masterKey = await openDataDirectory(dataPath)
  return {
    // First, because its lock says whether another server owns the directory.
    store: opened.use(await openLevelStore(join(dataPath, 'store'))),
    blobs: opened.use(await openDiskBlobs(join(dataPath, 'blobs'))),
    masterKey,
    dataPath,
    workPath: dataPath,
  }
}
