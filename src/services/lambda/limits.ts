/** Largest payload of a synchronous invocation, in bytes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const SYNC_PAYLOAD_MAX_BYTES = 6_291_456
/** Largest event, in bytes: 1 MiB since October 2025. */
export const EVENT_PAYLOAD_MAX_BYTES = 1_048_576
