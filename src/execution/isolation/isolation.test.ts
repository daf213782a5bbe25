import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DisposeStack } from '../../std/dispose-stack.ts'
import { CgroupTree } from './cgroup.ts'
import { chooseIsolation } from './choose.ts'
import { isolationContract } from './isolation.contract.ts'

const hasHardLimits = await canLimit()
if (!hasHardLimits) console.warn('hard limits are not tested: no cgroups can be made here')

isolationContract('process', { hidesFiles: false, hidesProcesses: false, hidesNetwork: false, hasHardLimits })

const active = await chosen()
if (active.kind === 'bubblewrap') {
  isolationContract('bubblewrap', { hidesFiles: true, hidesProcesses: true, hidesNetwork: true, hasHardLimits })
} else {
  console.warn(`bubblewrap is not tested: ${active.reason}`)
}

async function chosen() {
  await using closers = new DisposeStack()
  const directory = await mkdtemp(join(tmpdir(), 'millrace-isolation-'))
  closers.defer(() => rm(directory, { recursive: true, force: true }))
  return await chooseIsolation('auto', directory, closers)
}

async function canLimit(): Promise<boolean> {
  const tree = await CgroupTree.open()
  if (typeof tree === 'string') return false
  tree.close()
  return true
}
