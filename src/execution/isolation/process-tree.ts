import { readdirSync, readFileSync } from 'node:fs'

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A process and what it started, as far as the kernel still knows who started whom. Linux only; elsewhere the process alone. */
export function descendants(pid: number): number[] {
  const found = [pid]
  for (let at = 0; at < found.length; at++) {
    for (const thread of listTasks(found[at] as number)) {
      const children = readText(`/proc/${found[at]}/task/${thread}/children`)
      found.push(...children.split(' ').filter(Boolean).map(Number))
    }
  }
  return found
}

/** Memory in use that is not a file's, in bytes. */
export function residentBytes(pid: number): number {
  const status = readText(`/proc/${pid}/status`)
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  return (kilobytes('RssAnon') + kilobytes('RssShmem')) * 1024
}

function listTasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    // It has ended.
    return []
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // It has ended, or this system has no /proc.
    return ''
  }
}

/** The first process that is the sandbox's own: bwrap stands in front of it twice, once outside and once inside. */
export function innermost(pid: number): number {
  let at = pid
  while (readText(`/proc/${at}/comm`) === 'bwrap\n') {
    const child = readText(`/proc/${at}/task/${at}/children`).split(' ').find(Boolean)
    if (child === undefined) break
    at = Number(child)
  }
  return at
}
