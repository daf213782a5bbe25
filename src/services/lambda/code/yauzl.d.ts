/** The part of yauzl that Millrace uses; the package ships no types. */
declare module 'yauzl' {
  import type { Readable } from 'node:stream'

  export interface Entry {
    readonly fileName: string
    readonly uncompressedSize: number
    readonly compressedSize: number
    readonly versionMadeBy: number
    readonly externalFileAttributes: number
    isEncrypted(): boolean
  }

  export interface ZipFile {
    readonly entryCount: number
    readEntry(): void
    openReadStream(entry: Entry, callback: (error: Error | null, stream: Readable) => void): void
    close(): void
    on(event: 'entry', listener: (entry: Entry) => void): this
    on(event: 'end', listener: () => void): this
    on(event: 'error', listener: (error: Error) => void): this
  }

  export function fromBuffer(
    buffer: Buffer,
    options: { readonly lazyEntries: true; readonly strictFileNames?: boolean },
    callback: (error: Error | null, zip: ZipFile) => void,
  ): void
}
