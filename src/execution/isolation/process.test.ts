import { canLimit } from '../test-support/limits.ts'
import { isolationContract } from './isolation.contract.ts'

const hasHardLimits = await canLimit()
if (!hasHardLimits) console.warn('hard limits are not tested: no cgroups can be made here')

isolationContract('process', { hidesFiles: false, hidesProcesses: false, hidesNetwork: false, hasHardLimits })
