const QUEUE_ARN = /^arn:[^:]+:sqs:([^:]+):(\d{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)$/

export function isQueueArn(arn: string): boolean {
  return QUEUE_ARN.test(arn)
}

/** The queue's address without a host: only its path counts. */
export function queueUrlOf(arn: string): string {
  const [, , accountId, name] = QUEUE_ARN.exec(arn) ?? []
  return `/${accountId}/${name}`
}
