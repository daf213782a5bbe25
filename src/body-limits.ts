const MIB = 1024 * 1024

/** Largest body that is collected for an operation that does not stream it, by service, in bytes. */
export const COLLECTED_BYTES_MAX = {
  /** CompleteMultipartUpload with 10,000 parts and all checksums is about 2 MiB. */
  s3: 8 * MIB,
  s3control: MIB,
  /** A 50 MiB zip in base64, with 256 KiB of JSON around it: what Lambda takes in one request. */
  lambda: 70_167_211,
  iam: MIB,
  sts: MIB,
  logs: 2 * MIB,
  cloudwatch: MIB,
  /** Events of 1 MiB together, whose details are JSON inside of JSON. */
  events: 7 * MIB,
  /** Messages of 1 MiB: control characters are six bytes in JSON. */
  sqs: 7 * MIB,
  /** Messages of 256 KiB: a form has three bytes for one. */
  sns: 2 * MIB,
  scheduler: MIB,
  ssm: MIB,
  /** A template of 51,200 bytes, and 200 parameters of 4 KiB: a form has three bytes for one. */
  cloudformation: 4 * MIB,
} as const
