import { resolve } from 'node:path'
import type { ServerConfig } from './config.ts'
import type { ServerStatus } from './console/endpoints.ts'
import type { Executor } from './execution/execution.ts'
import { VERSION } from './version.ts'

/** What the status page says of a server but for its queues. */
export function statusOf(config: ServerConfig, executor: Executor, startedMs: number): Omit<ServerStatus, 'queues'> {
  return {
    version: VERSION,
    region: config.region,
    accountId: config.accountId,
    startedMs,
    storage: config.storage.kind === 'memory' ? 'memory' : `leveldb in ${resolve(config.storage.dataPath)}`,
    isolation: executor.isolation,
    runtimes: executor.runtimes,
    memoryBytes: process.memoryUsage.rss(),
  }
}
