import { fdatasync, write } from 'node:fs'
import { promisify } from 'node:util'

const writeOnce = promisify(write)
/** Data, and what is needed to find it again. */
export const syncFile = promisify(fdatasync)

/** Writes all of `bytes` at `position`; a single call may write less. */
export async function writeFully(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const { bytesWritten } = await writeOnce(fd, bytes, offset, bytes.length - offset, position + offset)
    offset += bytesWritten
  }
}
