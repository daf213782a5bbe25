import { join } from 'node:path'
import { DisposeStack } from '../../std/dispose-stack.ts'
import { Bubblewrap } from './bubblewrap.ts'
import type { Isolation } from './isolation.ts'
import { Layers } from './layers.ts'
import { openLimits } from './limits.ts'
import { ProcessIsolation } from './process.ts'

export type IsolationChoice = 'auto' | 'bubblewrap' | 'process'

/** The strongest isolation that works here, or the one asked for. Throws when that one does not work. */
export async function chooseIsolation(
  choice: IsolationChoice,
  directory: string,
  closers: DisposeStack,
): Promise<Isolation> {
  const limits = await openLimits()
  closers.defer(() => limits.close())
  const layers = new Layers(join(directory, 'layers'))
  if (choice === 'process') return new ProcessIsolation(directory, layers, limits, 'chosen by the configuration')
  const bubblewrap = await Bubblewrap.open(directory, layers, limits)
  if (typeof bubblewrap !== 'string') return bubblewrap
  if (choice === 'bubblewrap') throw new Error(`isolation bubblewrap was asked for, but ${bubblewrap}`)
  return new ProcessIsolation(directory, layers, limits, bubblewrap)
}
