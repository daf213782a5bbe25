import { type FSWatcher, type Stats, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { elapsedMs } from '../std/clock.ts'
import { CliError } from './cli-error.ts'

/** Editors write a file in several steps; a change is over when nothing was written for so long. */
const QUIET_MS = 60

interface Watched {
  readonly watcher: FSWatcher
  /** A folder that was deleted and made again is another one, of which the old watcher hears nothing. */
  readonly inode: number
}

/** Whether something under some paths was written, made or taken away. */
export class FileChanges {
  readonly #watched = new Map<string, Watched>()
  #paths: readonly string[] = []
  #lastMs: number | undefined

  /** Watches these absolute paths and no others; those that do not exist yet as well. Throws {@link CliError} when the system lets it watch no more. */
  watch(paths: readonly string[]): void {
    this.#paths = paths
    const wanted = new Set<string>()
    for (const path of paths) {
      if (findStats(path)?.isDirectory()) wanted.add(this.#watchFolder(path))
      wanted.add(this.#watchName(path))
    }
    for (const [key, { watcher }] of this.#watched) {
      if (wanted.has(key)) continue
      watcher.close()
      this.#watched.delete(key)
    }
  }

  /** Something is to be done, though no file says so. */
  note(): void {
    this.#lastMs = elapsedMs()
  }

  areOver(): boolean {
    return this.#lastMs !== undefined && elapsedMs() - this.#lastMs >= QUIET_MS
  }

  /** What has changed until now is being dealt with; from here on changes are new ones, in folders that were made anew too. */
  take(): void {
    this.#lastMs = undefined
    this.watch(this.#paths)
  }

  close(): void {
    for (const { watcher } of this.#watched.values()) watcher.close()
    this.#watched.clear()
  }

  #watchFolder(path: string): string {
    return this.#keep(`in ${path}`, path, () => watch(path, { recursive: true }, () => this.note()))
  }

  /** An editor that replaces a file takes the watched one away, so its folder is watched; while that is missing, the one it will be made in. */
  #watchName(path: string): string {
    let folder = dirname(path)
    let name = basename(path)
    while (findStats(folder) === undefined && folder !== dirname(folder)) {
      name = basename(folder)
      folder = dirname(folder)
    }
    return this.#keep(`${name} of ${folder}`, folder, () =>
      watch(folder, (_, changed) => {
        if (changed === name) this.note()
      }),
    )
  }

  #keep(key: string, folder: string, start: () => FSWatcher): string {
    const inode = findStats(folder)?.ino
    const before = this.#watched.get(key)
    if (inode === undefined || before?.inode === inode) return key
    before?.watcher.close()
    try {
      const watcher = start()
      watcher.on('error', () => this.note())
      this.#watched.set(key, { watcher, inode })
    } catch (error) {
      // Gone again: whoever watches the folder above hears of that.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return key
      throw new CliError(`${folder} cannot be watched: ${(error as Error).message}`, { cause: error })
    }
    return key
  }
}

function findStats(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}
