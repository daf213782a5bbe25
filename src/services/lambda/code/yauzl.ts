import type { Readable } from 'node:stream'
// @ts-expect-error The package ships no types; what is used of it is declared below.
import yauzl from 'yauzl'

/** The part of yauzl that Millrace uses; the package ships no types. */
export interface Entry {
  readonly fileName: string
  readonly uncompressedSize: number
  readonly versionMadeBy: number
  readonly externalFileAttributes: number
  isEncrypted(): boolean
}

export interface ZipFile {
  readEntry(): void
  /** The stream ends with an error as soon as more or fewer bytes come than the directory says. */
  openReadStream(entry: Entry, callback: (error: Error | null, stream: Readable) => void): void
  close(): void
  on(event: 'entry', listener: (entry: Entry) => void): this
  on(event: 'end', listener: () => void): this
  on(event: 'error', listener: (error: Error) => void): this
}

interface Yauzl {
  fromBuffer(
    buffer: Buffer,
    options: { readonly lazyEntries: true },
    callback: (error: Error | null, zip: ZipFile) => void,
  ): void
}

export const { fromBuffer } = yauzl as Yauzl
