import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DisposeStack } from '../../std/dispose-stack.ts'
import { canLimit } from '../test-support/limits.ts'
import { chooseIsolation } from './choose.ts'
import { isolationContract } from './isolation.contract.ts'

const active = await chosen()
if (active.kind === 'bubblewrap') {
  isolationContract('bubblewrap', {
    hidesFiles: true,
    hidesProcesses: true,
    hidesNetwork: true,
    hasHardLimits: await canLimit(),
  })
} else {
  console.warn(`bubblewrap is not tested: ${active.reason}`)
}

async function chosen() {
  await using closers = new DisposeStack()
  const directory = await mkdtemp(join(tmpdir(), 'millrace-isolation-'))
  closers.defer(() => rm(directory, { recursive: true, force: true }))
  return await chooseIsolation('auto', directory, closers)
}
