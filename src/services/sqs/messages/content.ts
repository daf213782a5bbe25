import type { Entry, Key } from '../../../store/store.ts'
import type { Writes } from '../../../store/transaction.ts'
import { bodySlices, type ContentRow, contents } from '../tables.ts'

/** Larger bodies leave the content's row. */
const INLINE_BYTES_MAX = 32 * 1024
const SLICE_BYTES = 60 * 1024

export type Content = Omit<ContentRow, 'body'> & { readonly body: string }

/** What content is read from; a transaction's reads of it need no checks, for it never changes. */
export interface ContentReader {
  getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]>
}

/** Adds the content of a new message to the commit. Returns how many slices its body is cut into: 0 for most. */
export function putContent(writes: Writes, storeId: string, messageId: string, content: Content): number {
  const { body } = content
  // A UTF-16 unit is at most three bytes. Inside the row the text is a JSON string: it may grow to six bytes a character.
  if (body.length * 6 <= INLINE_BYTES_MAX || Buffer.byteLength(JSON.stringify(body)) <= INLINE_BYTES_MAX) {
    contents.put(writes, [storeId, messageId], content)
    return 0
  }
  const bytes = Buffer.from(body, 'utf8')
  const slices = Math.ceil(bytes.length / SLICE_BYTES)
  for (let slice = 0; slice < slices; slice++) {
    const part = bytes.subarray(slice * SLICE_BYTES, (slice + 1) * SLICE_BYTES)
    bodySlices.put(writes, [storeId, messageId, slice], part)
  }
  contents.put(writes, [storeId, messageId], { ...content, body: { slices } })
  return slices
}

/** Contents in the order of the ids; undefined for messages that have gone. */
export async function readContents(
  reader: ContentReader,
  storeId: string,
  messageIds: readonly string[],
): Promise<(Content | undefined)[]> {
  if (messageIds.length === 0) return []
  const entries = await reader.getMany(messageIds.map((id) => contents.key([storeId, id])))
  return Promise.all(
    entries.map(async (entry, index) => {
      if (entry === undefined) return undefined
      const row = contents.decode(entry).value
      if (typeof row.body === 'string') return { ...row, body: row.body }
      const body = await readSlices(reader, storeId, messageIds[index] as string, row.body.slices)
      return body === undefined ? undefined : { ...row, body }
    }),
  )
}

/** Adds the removal of a message's content. */
export function deleteContent(writes: Writes, storeId: string, messageId: string, sliceCount = 0): void {
  contents.delete(writes, [storeId, messageId])
  for (let slice = 0; slice < sliceCount; slice++) bodySlices.delete(writes, [storeId, messageId, slice])
}

async function readSlices(
  reader: ContentReader,
  storeId: string,
  messageId: string,
  slices: number,
): Promise<string | undefined> {
  const keys = Array.from({ length: slices }, (_, slice) => bodySlices.key([storeId, messageId, slice]))
  const entries = await reader.getMany(keys)
  // A message that is deleted while it is read has gone.
  if (entries.some((entry) => entry === undefined)) return undefined
  return Buffer.concat(entries.map((entry) => bodySlices.decode(entry as Entry).value)).toString('utf8')
}
