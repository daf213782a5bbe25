import type { Call, Grant } from '../../protocol/operation.ts'

/** `arn:aws:logs:R:A:log-group:G` */
export function groupArn(call: Pick<Call, 'accountId' | 'region'>, group: string): string {
  return `arn:aws:logs:${call.region}:${call.accountId}:log-group:${group}`
}

export function streamArn(call: Pick<Call, 'accountId' | 'region'>, group: string, stream: string): string {
  return `${groupArn(call, group)}:log-stream:${stream}`
}

/**
 * The grant on a group. CloudWatch judges (and names in refusals) the group's streams, so policies say `log-group:G:*`; only the tag
 * operations are about the group alone. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
 */
export function groupGrant(
  call: Call,
  action: string,
  group: string | undefined,
  context: Grant['context'] = {},
): Grant[] {
  return [{ action, resource: streamArn(call, group ?? '*', ''), context }]
}

export function streamGrant(
  call: Call,
  action: string,
  group: string | undefined,
  stream: string | undefined,
): Grant[] {
  return [{ action, resource: streamArn(call, group ?? '*', stream ?? '*') }]
}

export function tagContext(tags: Readonly<Record<string, string>> | undefined): NonNullable<Grant['context']> {
  const keys = Object.keys(tags ?? {})
  if (tags === undefined || keys.length === 0) return {}
  return {
    'aws:TagKeys': keys,
    ...Object.fromEntries(keys.map((key) => [`aws:RequestTag/${key}`, tags[key] as string])),
  }
}
