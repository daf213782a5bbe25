/**
 * Control groups: hard limits on memory and on the number of processes, and shares of the processors, one group per environment. Version 1 (a tree per controller) and
 * version 2 (one tree) are both in use, sometimes beside each other.
 */
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sleep, systemClock } from '../../std/clock.ts'
import { randomText } from '../../std/ids.ts'
import { isRunning } from './process-tree.ts'

const ROOT = '/sys/fs/cgroup'
const DIGITS = '0123456789'
const MEGABYTE = 1024 * 1024
const REMOVE_ATTEMPTS = 50
/**
 * Memory that goes with one processor on AWS, in MB. Here it is a weight and no quota: a function gets what nobody else wants, for a
 * laptop with one small function should not run it at a fourteenth of its speed.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
const PROCESSOR_MB = 1769

export interface CgroupLimits {
  readonly memoryMb: number
  readonly processesMax: number
}

interface Layout {
  /** Where groups are made; the same directory twice with version 2. */
  readonly memory: string
  readonly processes: string
  /** Undefined where processor time cannot be shared out by groups. */
  readonly processors: string | undefined
  readonly version: 1 | 2
}

/** The groups of this server. */
export class CgroupTree {
  readonly #layout: Layout
  #count = 0

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /** A tree of our own, or the sentence why there is none. */
  static async open(): Promise<CgroupTree | string> {
    try {
      const parents = (await versionOne()) ?? (await versionTwo())
      if (parents === undefined) return 'no writable cgroup with memory and pids'
      removeLeftovers(parents)
      // Several servers may live in one process, as in tests: each needs groups that the others do not remove.
      const name = `millrace-${process.pid}-${randomText(DIGITS, 8)}`
      const { memory, processes, processors } = parents
      const layout = {
        ...parents,
        memory: join(memory, name),
        processes: join(processes, name),
        processors: processors && join(processors, name),
      }
      for (const path of pathsOf(layout)) mkdirSync(path, { recursive: true })
      if (layout.version === 2) writeFileSync(join(layout.memory, 'cgroup.subtree_control'), controllersOf(layout))
      return new CgroupTree(layout)
    } catch (error) {
      return `cgroups cannot be used here (${error instanceof Error ? error.message : String(error)})`
    }
  }

  create(limits: CgroupLimits): Cgroup {
    const name = `environment-${++this.#count}`
    const { memory, processes, processors, version } = this.#layout
    const layout = {
      memory: join(memory, name),
      processes: join(processes, name),
      processors: processors && join(processors, name),
      version,
    }
    return new Cgroup(layout, limits)
  }

  close(): void {
    for (const path of pathsOf(this.#layout)) removeIfEmpty(path)
  }
}

export class Cgroup {
  readonly #layout: Layout
  #memoryMb = 0
  readonly #usedMaxFile: number
  readonly #buffer = Buffer.alloc(32)

  constructor(layout: Layout, limits: CgroupLimits) {
    this.#layout = layout
    for (const path of pathsOf(layout)) mkdirSync(path)
    writeFileSync(join(layout.processes, 'pids.max'), String(limits.processesMax))
    this.resize(limits.memoryMb)
    if (layout.version === 2) {
      writeIfThere(join(layout.memory, 'memory.swap.max'), '0')
      // All or nothing: a runtime without its helper processes is of no use.
      writeIfThere(join(layout.memory, 'memory.oom.group'), '1')
    }
    const usedMax = layout.version === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak'
    this.#usedMaxFile = openSync(join(layout.memory, usedMax), 'r')
  }

  /** Files into which a process writes 0 to join. */
  get joinFiles(): string[] {
    return pathsOf(this.#layout).map((path) => join(path, 'cgroup.procs'))
  }

  /** Throws where more is in use and cannot be taken back. */
  resize(memoryMb: number): void {
    const { memory, version } = this.#layout
    const bytes = String(memoryMb * MEGABYTE)
    const setLimit = () => writeFileSync(join(memory, version === 1 ? 'memory.limit_in_bytes' : 'memory.max'), bytes)
    // Without it the limit would only begin to swap. Absent where the kernel does not account swap. Never below the other one.
    const setSwap = () => version === 1 && writeIfThere(join(memory, 'memory.memsw.limit_in_bytes'), bytes)
    const isLess = this.#memoryMb === 0 || memoryMb < this.#memoryMb
    for (const set of isLess ? [setLimit, setSwap] : [setSwap, setLimit]) set()
    this.#weigh(memoryMb)
    this.#memoryMb = memoryMb
  }

  memoryUsedMaxMb(): number {
    const length = readSync(this.#usedMaxFile, this.#buffer, 0, this.#buffer.length, 0)
    return Math.ceil(Number(this.#buffer.toString('latin1', 0, length)) / MEGABYTE)
  }

  #weigh(memoryMb: number): void {
    const { processors, version } = this.#layout
    if (processors === undefined) return
    const [file, one, least, most] = version === 1 ? ['cpu.shares', 1024, 2, 262_144] : ['cpu.weight', 100, 1, 10_000]
    const weight = Math.min(
      most as number,
      Math.max(least as number, Math.round((one as number) * (memoryMb / PROCESSOR_MB))),
    )
    writeIfThere(join(processors, file as string), String(weight))
  }

  /** How many processes the kernel has killed here for want of memory. */
  outOfMemoryCount(): number {
    const file = this.#layout.version === 1 ? 'memory.oom_control' : 'memory.events'
    return Number(/^oom_kill (\d+)/m.exec(readFileSync(join(this.#layout.memory, file), 'latin1'))?.[1] ?? 0)
  }

  /** Kills every member, also those that left their process group. */
  kill(): void {
    for (const pid of this.#members()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended between the reading and the signal.
      }
    }
  }

  /** Kills what is left and removes the group; dying processes keep it for a moment. */
  async remove(): Promise<void> {
    closeSync(this.#usedMaxFile)
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
      this.kill()
      if (pathsOf(this.#layout).every(removeIfEmpty)) return
      await sleep(systemClock, 5)
    }
  }

  #members(): number[] {
    return readFileSync(join(this.#layout.processes, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean).map(Number)
  }
}

function pathsOf({ memory, processes, processors }: Layout): string[] {
  return [...new Set([memory, processes, processors])].filter((path) => path !== undefined)
}

function controllersOf({ processors }: Layout): string {
  return `+memory +pids${processors === undefined ? '' : ' +cpu'}`
}

/** Version 1: the groups this process is in, so that limits from outside go on to hold. */
async function versionOne(): Promise<Layout | undefined> {
  const own = await readFile('/proc/self/cgroup', 'latin1')
  const find = async (controller: string): Promise<string | undefined> => {
    const path = new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`, 'm').exec(own)?.[1]
    if (path === undefined) return undefined
    // Inside a container the path may be the host's; the mount then shows our own group as its root.
    for (const candidate of [join(ROOT, controller, path), join(ROOT, controller)]) {
      if (await isWritable(candidate)) return candidate
    }
    return undefined
  }
  const [memory, processes, processors] = await Promise.all([find('memory'), find('pids'), find('cpu')])
  return memory === undefined || processes === undefined ? undefined : { memory, processes, processors, version: 1 }
}

async function versionTwo(): Promise<Layout | undefined> {
  const path = /^0::(.*)$/m.exec(await readFile('/proc/self/cgroup', 'latin1'))?.[1]
  if (path === undefined) return undefined
  const own = join(ROOT, path)
  if (!(await isWritable(own))) return undefined
  const controllers = (await readFile(join(own, 'cgroup.controllers'), 'latin1')).split(/\s+/)
  if (!controllers.includes('memory') || !controllers.includes('pids')) return undefined
  const hasProcessors = controllers.includes('cpu')
  const layoutAt = (at: string): Layout => ({
    memory: at,
    processes: at,
    processors: hasProcessors ? at : undefined,
    version: 2,
  })
  try {
    writeFileSync(join(own, 'cgroup.subtree_control'), controllersOf(layoutAt(own)))
    return layoutAt(own)
  } catch {
    // A group with processes of its own cannot give controllers to its children: then beside it, if that is ours to write.
    const parent = dirname(own)
    writeFileSync(join(parent, 'cgroup.subtree_control'), controllersOf(layoutAt(parent)))
    return layoutAt(parent)
  }
}

/** Groups of servers that were killed. */
function removeLeftovers(parents: Layout): void {
  for (const path of pathsOf(parents)) {
    for (const name of readdirSync(path)) {
      const pid = /^millrace-(\d+)(?:-\d+)?$/.exec(name)?.[1]
      if (pid === undefined || isRunning(Number(pid))) continue
      for (const child of readdirSync(join(path, name), { withFileTypes: true })) {
        if (child.isDirectory()) removeIfEmpty(join(path, name, child.name))
      }
      removeIfEmpty(join(path, name))
    }
  }
}

function removeIfEmpty(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT'
  }
}

function writeIfThere(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'r+' })
  } catch {
    // Not every kernel has the file; the limit next to it holds without.
  }
}

async function isWritable(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
