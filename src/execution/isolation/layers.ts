import { createHash } from 'node:crypto'
import { access, cp, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Merges layers into one directory each time a new combination is asked for; later layers win. */
export class Layers {
  readonly #directory: string
  readonly #merging = new Map<string, Promise<string>>()

  /** `directory` is made when it is needed. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** The directory to show as `/opt`; undefined without layers. */
  async merged(layerPaths: readonly string[]): Promise<string | undefined> {
    if (layerPaths.length === 0) return undefined
    if (layerPaths.length === 1) return layerPaths[0]
    const name = createHash('sha256').update(layerPaths.join('\0')).digest('hex')
    const running = this.#merging.get(name) ?? this.#merge(name, layerPaths)
    this.#merging.set(name, running)
    // A failed merge is tried again by the next environment.
    running.catch(() => this.#merging.delete(name))
    return running
  }

  async #merge(name: string, layerPaths: readonly string[]): Promise<string> {
    const target = join(this.#directory, name)
    if (await exists(target)) return target
    const unfinished = `${target}.unfinished`
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(unfinished, { recursive: true, mode: 0o755 })
    for (const path of layerPaths) await cp(path, unfinished, { recursive: true, verbatimSymlinks: true })
    await rename(unfinished, target)
    return target
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
