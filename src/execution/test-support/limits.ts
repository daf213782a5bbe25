import { CgroupTree } from '../isolation/cgroup.ts'

/** Whether the kernel holds functions of this machine to their memory and number of processes. */
export async function canLimit(): Promise<boolean> {
  const tree = await CgroupTree.open()
  if (typeof tree === 'string') return false
  tree.close()
  return true
}
