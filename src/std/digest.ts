/** Digests Millrace computes over bodies: MD5 for ETags, the five S3 checksum algorithms. */
export type DigestName = 'md5' | 'sha1' | 'sha256' | 'crc32' | 'crc32c' | 'crc64nvme'
/** Raw digest bytes (CRCs big-endian). */
export type Digests = Readonly<Partial<Record<DigestName, Buffer>>>

// Implemented in this file: digestBytes(bytes, names), createDigester(names), combineCrc(...)
