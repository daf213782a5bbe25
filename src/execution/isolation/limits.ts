import { type Cgroup, CgroupTree } from './cgroup.ts'
import { MemoryWatch } from './memory-watch.ts'

/** Processes and threads of one environment, as on AWS. */
export const PROCESSES_MAX = 1024
/** Open files of one process, as on AWS. */
export const FILES_MAX = 1024

/** Keeps one environment within its memory and process count. */
export interface Limits {
  /** Put in front of a command line: the process joins its limits before it runs anything else. */
  readonly prefix: readonly string[]
  started(pid: number, kill: () => void): void
  /** From now on this much memory. Throws where more is in use and cannot be taken back. */
  resize(memoryMb: number): void
  /** Ends what survived the process; true when it ended for want of memory. */
  ended(): boolean
  memoryUsedMaxMb(): number
  remove(): Promise<void>
}

export interface LimitsMaker {
  /** What holds these limits, for people. */
  readonly description: string
  make(memoryMb: number): Limits
  close(): void
}

/** Control groups where they can be had, else a watch that measures. */
export async function openLimits(): Promise<LimitsMaker> {
  const tree = await CgroupTree.open()
  if (typeof tree === 'string') {
    return {
      description: `memory is watched up to ten times a second, not limited by the kernel: ${tree}`,
      make: (memoryMb) => new WatchedLimits(memoryMb),
      close: () => undefined,
    }
  }
  return {
    description: 'cgroups limit memory and processes, and share out the processors by memory',
    make: (memoryMb) => new CgroupLimits(tree.create({ memoryMb, processesMax: PROCESSES_MAX })),
    close: () => tree.close(),
  }
}

/** 0 written to cgroup.procs moves the writer. */
const JOIN = 'while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done; shift; exec "$@"'

class CgroupLimits implements Limits {
  readonly prefix: readonly string[]
  readonly #group: Cgroup
  #outOfMemoryCount = 0

  constructor(group: Cgroup) {
    this.#group = group
    this.prefix = ['/bin/sh', '-c', JOIN, 'sh', ...group.joinFiles, '--']
  }

  started(): void {
    // The kernel does the rest.
  }

  resize(memoryMb: number): void {
    this.#group.resize(memoryMb)
  }

  ended(): boolean {
    this.#group.kill()
    const count = this.#group.outOfMemoryCount()
    const isOutOfMemory = count > this.#outOfMemoryCount
    this.#outOfMemoryCount = count
    return isOutOfMemory
  }

  memoryUsedMaxMb(): number {
    return this.#group.memoryUsedMaxMb()
  }

  remove(): Promise<void> {
    return this.#group.remove()
  }
}

class WatchedLimits implements Limits {
  readonly prefix: readonly string[] = []
  #memoryMb: number
  #watch: MemoryWatch | undefined
  #usedMaxMb = 0
  #isExceeded = false

  constructor(memoryMb: number) {
    this.#memoryMb = memoryMb
  }

  started(pid: number, kill: () => void): void {
    this.#isExceeded = false
    this.#watch = new MemoryWatch(this.#memoryMb, () => {
      this.#isExceeded = true
      kill()
    })
    this.#watch.start(pid)
  }

  resize(memoryMb: number): void {
    this.#memoryMb = memoryMb
    this.#watch?.resize(memoryMb)
  }

  ended(): boolean {
    this.#usedMaxMb = this.memoryUsedMaxMb()
    this.#watch?.stop()
    return this.#isExceeded
  }

  memoryUsedMaxMb(): number {
    return Math.max(this.#usedMaxMb, this.#watch?.usedMaxMb() ?? 0)
  }

  async remove(): Promise<void> {
    this.#watch?.stop()
  }
}
