import { AwsError } from '../protocol/errors.ts'
import { type ByteSource, SourceTooLongError } from '../std/byte-source.ts'

/** Names and values before the file together, in bytes. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html */
export const FIELD_BYTES_MAX = 20 * 1024
/** The same with everything around them; keeps parts without a value from being endless. */
const HEAD_BYTES_MAX = 128 * 1024
const BOUNDARY_LENGTH_MAX = 200
const BLANK_LINE = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')
const DASH = 0x2d
const NOTHING = Buffer.alloc(0)

/**
 * The form that a browser posts to a bucket: its fields, and the file as a source of bytes. S3 wants the file last: what follows it is read
 * over, and what comes before it is small.
 */
export class PostForm implements ByteSource {
  /** Names in lower case; of a field given twice, the first. */
  readonly fields: ReadonlyMap<string, string>
  /** As the client named it, without its folders. */
  readonly fileName: string
  readonly length = undefined
  readonly #parts: FormReader

  private constructor(fields: ReadonlyMap<string, string>, fileName: string, parts: FormReader) {
    this.fields = fields
    this.fileName = fileName
    this.#parts = parts
  }

  /** Reads up to the file. Throws MalformedPOSTRequest, MaxPostPreDataLengthExceeded, and InvalidArgument for a form without a file. */
  static async open(contentType: string | undefined, body: ByteSource): Promise<PostForm> {
    const parts = new FormReader(body, boundaryOf(contentType))
    const fields = new Map<string, string>()
    let fieldBytes = 0
    while (await parts.next()) {
      const { name, fileName } = parts
      if (name === 'file') return new PostForm(fields, fileName, parts)
      const value = await parts.value()
      fieldBytes += Buffer.byteLength(name) + value.length
      if (fieldBytes > FIELD_BYTES_MAX) throw fieldsTooLong()
      if (!fields.has(name)) fields.set(name, value.toString('utf8'))
    }
    throw new AwsError('InvalidArgument', 400, 'POST requires exactly one file upload per request.', {
      ArgumentName: 'file',
      ArgumentValue: '0',
    })
  }

  async collect(limitBytes: number): Promise<Buffer> {
    const chunks: Buffer[] = []
    let total = 0
    for await (const chunk of this) {
      total += chunk.length
      if (total > limitBytes) throw new SourceTooLongError(limitBytes)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks, total)
  }

  /** The bytes of the file. Throws MalformedPOSTRequest when the form breaks off. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    yield* this.#parts.bytes()
    await this.#parts.skipRest()
  }
}

/** Takes a multipart body apart, one part after the other, holding no more of it than it must. */
class FormReader {
  name = ''
  fileName = ''
  readonly #chunks: AsyncIterator<Buffer>
  readonly #delimiter: Buffer
  /** Arrived and not yet used. The line end in front lets the first delimiter look like all others. */
  #held: Buffer = LINE_END
  #headBytes = 0

  constructor(body: ByteSource, boundary: string) {
    this.#chunks = body[Symbol.asyncIterator]()
    this.#delimiter = Buffer.from(`\r\n--${boundary}`)
  }

  /** Moves to the next part and reads its headers; false at the end of the form. */
  async next(): Promise<boolean> {
    // Before the first part there may be a preamble, which means nothing; after a value, nothing is left here.
    if (this.#headBytes === 0) await this.#readUntil(this.#delimiter)
    while (this.#held.length < 2) if (!(await this.#more())) throw malformedForm()
    if (this.#held[0] === DASH && this.#held[1] === DASH) return false
    const lineRest = (await this.#readUntil(LINE_END)).toString('latin1')
    if (lineRest.trim() !== '') throw malformedForm()
    const headers = (await this.#readUntil(BLANK_LINE)).toString('utf8')
    const disposition = /^content-disposition:[ \t]*form-data(.*)$/im.exec(headers)?.[1]
    const name = disposition === undefined ? undefined : parameter(disposition, 'name')
    if (disposition === undefined || name === undefined) throw malformedForm()
    this.name = name.toLowerCase()
    const fileName = parameter(disposition, 'filename') ?? ''
    this.fileName = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1)
    return true
  }

  /** The whole value of the part, and the delimiter behind it. */
  value(): Promise<Buffer> {
    return this.#readUntil(this.#delimiter)
  }

  /** The bytes of the part, as they arrive. */
  async *bytes(): AsyncGenerator<Buffer> {
    const delimiter = this.#delimiter
    for (;;) {
      const at = this.#held.indexOf(delimiter)
      if (at >= 0) {
        const last = this.#held.subarray(0, at)
        this.#held = this.#held.subarray(at + delimiter.length)
        if (last.length > 0) yield last
        return
      }
      // The end of what is here may be the beginning of a delimiter.
      const safe = this.#held.length - delimiter.length + 1
      if (safe > 0) {
        const chunk = this.#held.subarray(0, safe)
        this.#held = this.#held.subarray(safe)
        yield chunk
      }
      if (!(await this.#more())) throw malformedForm()
    }
  }

  async skipRest(): Promise<void> {
    this.#held = NOTHING
    while (!(await this.#chunks.next()).done);
  }

  async #readUntil(marker: Buffer): Promise<Buffer> {
    let from = 0
    for (;;) {
      const at = this.#held.indexOf(marker, from)
      if (at >= 0) {
        const found = this.#held.subarray(0, at)
        this.#held = this.#held.subarray(at + marker.length)
        this.#headBytes += at + marker.length
        if (this.#headBytes > HEAD_BYTES_MAX) throw fieldsTooLong()
        return found
      }
      if (this.#headBytes + this.#held.length > HEAD_BYTES_MAX) throw fieldsTooLong()
      from = Math.max(0, this.#held.length - marker.length + 1)
      if (!(await this.#more())) throw malformedForm()
    }
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next()
    if (next.done) return false
    this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value])
    return true
  }
}

function boundaryOf(contentType: string | undefined): string {
  const boundary = contentType === undefined ? undefined : parameter(contentType, 'boundary')
  if (boundary === undefined || boundary === '' || boundary.length > BOUNDARY_LENGTH_MAX) throw malformedForm()
  return boundary
}

/** `; name="key"` or `; boundary=abc`; a quoted value may have quotes behind backslashes. */
function parameter(header: string, name: string): string | undefined {
  const match = new RegExp(`;[ \\t]*${name}[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, 'i').exec(header)
  if (match === null) return undefined
  // Browsers write a backslash of a Windows path as it is.
  return match[1]?.replace(/\\"/g, '"') ?? match[2]
}

const malformedForm = (): AwsError =>
  new AwsError('MalformedPOSTRequest', 400, 'The body of your POST request is not well-formed multipart/form-data.')

const fieldsTooLong = (): AwsError =>
  new AwsError(
    'MaxPostPreDataLengthExceeded',
    400,
    'Your POST request fields preceding the upload file were too large.',
  )
