/** Millrace as a library. What is exported here is public; everything else is private. */
export { ConfigError, defineConfig, type ServerConfig, type Settings } from './config.ts'
export type { Trace, TraceStep } from './delivery/delivery.ts'
export type { Server, ServerParts } from './server.ts'
export { ManualClock, type Clock } from './std/clock.ts'

import type { ServerConfig } from './config.ts'
import type { Server, ServerParts } from './server.ts'

/** Starts a server; resolves when it answers. Rejects, with everything closed again, when it cannot. */
export async function startServer(config: ServerConfig, parts?: ServerParts): Promise<Server> {
  // Loaded on demand, so that a program that only looks at the settings does not load the house.
  const server = await import('./server.ts')
  return await server.startServer(config, parts)
}
