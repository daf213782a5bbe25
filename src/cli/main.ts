#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Compiled code of the last start is reused: half the time to ready is otherwise spent compiling the same files again.
enableCompileCache()

const { run } = await import('./program.ts')
await run(process.argv)
