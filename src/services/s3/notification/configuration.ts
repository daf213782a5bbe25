import { AwsError } from '../../../protocol/errors.ts'
import { uuid } from '../../../std/ids.ts'
import { invalidArgument, malformedXml } from '../errors.ts'
import { eventBridgeRule } from './event-bridge.ts'
import { isConfigurableEvent } from './event-names.ts'
import { overlapMessage } from './overlap.ts'
import type { FilterRule, NotificationRule } from './rule.ts'

export const RULES_MAX = 100
const ID_LENGTH_MAX = 255
const FILTER_BYTES_MAX = 1024

interface RuleInput {
  readonly Id?: string | undefined
  readonly Events?: readonly string[] | undefined
  readonly Filter?:
    | {
        readonly Key?:
          | {
              readonly FilterRules?:
                | readonly { readonly Name?: string | undefined; readonly Value?: string | undefined }[]
                | undefined
            }
          | undefined
      }
    | undefined
}

export interface ConfigurationInput {
  readonly TopicConfigurations?: readonly (RuleInput & { readonly TopicArn?: string | undefined })[] | undefined
  readonly QueueConfigurations?: readonly (RuleInput & { readonly QueueArn?: string | undefined })[] | undefined
  readonly LambdaFunctionConfigurations?:
    | readonly (RuleInput & { readonly LambdaFunctionArn?: string | undefined })[]
    | undefined
  readonly EventBridgeConfiguration?: object | undefined
}

type Kind = 'Topic' | 'Queue' | 'CloudFunction'

interface Draft {
  readonly kind: Kind
  readonly id: string
  readonly targetArn: string
  readonly events: readonly string[]
  readonly filter: readonly { readonly name: string; readonly value: string }[] | null
}

/**
 * Checks a whole configuration before any destination is asked, and gives rules without an id one. The order of the checks is S3's: a
 * structural fault anywhere wins.
 */
export function parseConfiguration(
  input: ConfigurationInput,
  bucketRegion: string,
  accountId: string,
): NotificationRule[] {
  const drafts: Draft[] = [
    ...(input.TopicConfigurations ?? []).map((rule) => draft('Topic', rule, rule.TopicArn)),
    ...(input.QueueConfigurations ?? []).map((rule) => draft('Queue', rule, rule.QueueArn)),
    ...(input.LambdaFunctionConfigurations ?? []).map((rule) => draft('CloudFunction', rule, rule.LambdaFunctionArn)),
  ]
  for (const { kind, targetArn } of drafts) checkArn(kind, targetArn)
  const rules = drafts.map(checkRule)
  checkIds(rules)
  if (rules.length > RULES_MAX) {
    throw new AwsError(
      'InvalidRequest',
      400,
      `Too many configurations submitted. The maximum number of configurations is ${RULES_MAX}`,
    )
  }
  for (const { kind, targetArn } of drafts) checkPlace(kind, targetArn, bucketRegion)
  const overlap = overlapMessage(rules)
  if (overlap !== undefined) throw invalidArgument(overlap)
  return input.EventBridgeConfiguration === undefined ? rules : [...rules, eventBridgeRule(bucketRegion, accountId)]
}

/** The `<Filter>` of a stored rule. */
export function filterOutput(rule: NotificationRule) {
  if (rule.filter === null) return undefined
  return { Key: { FilterRules: rule.filter.map(({ name, value }) => ({ Name: name as 'prefix', Value: value })) } }
}

function draft(kind: Kind, input: RuleInput, targetArn: string | undefined): Draft {
  const { Id: id, Events: events = [], Filter: filter } = input
  if (events.length === 0 || targetArn === undefined) throw malformedXml()
  return {
    kind,
    // The form S3 generates: a UUID's text in base64.
    id: id === undefined || id === '' ? Buffer.from(uuid()).toString('base64') : id,
    targetArn,
    events: [...events],
    filter: filter === undefined ? null : (filter.Key?.FilterRules ?? []).map(filterPart),
  }
}

function filterPart({ Name: name, Value: value }: { Name?: string | undefined; Value?: string | undefined }) {
  if (name === undefined || value === undefined) throw malformedXml()
  return { name, value }
}

const SERVICES: Readonly<Record<Kind, string>> = { Topic: 'sns', Queue: 'sqs', CloudFunction: 'lambda' }
const SHAPES: Readonly<Record<Kind, RegExp>> = {
  Topic: /^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/,
  Queue: /^arn:aws[\w-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}(\.fifo)?$/,
  CloudFunction: /^arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}(:(\$LATEST|[\w-]{1,128}))?$/,
}

function checkArn(kind: Kind, arn: string): void {
  const parts = arn.split(':')
  if (parts[0] !== 'arn' || parts.length < 6 || parts[2] !== SERVICES[kind]) {
    throw invalidArgument('The ARN could not be parsed', kind, arn)
  }
  if (!SHAPES[kind].test(arn)) {
    throw invalidArgument(
      `The ARN failed to satisfy constraint: Member must satisfy regular expression pattern: ${SHAPES[kind].source}`,
      kind,
      arn,
    )
  }
}

/** Checks events and filter. Names of filters are kept as S3 gives them back, whatever case they came in. */
function checkRule({ id, targetArn, events, filter }: Draft): NotificationRule {
  const parts = filter === null ? null : filter.map(checkFilterPart)
  for (const name of ['Prefix', 'Suffix']) {
    if ((parts ?? []).filter((part) => part.name === name).length > 1) {
      throw invalidArgument(`Cannot specify more than one ${name.toLowerCase()} rule in a filter.`)
    }
  }
  for (const event of events) {
    if (!isConfigurableEvent(event)) {
      throw invalidArgument(`The event '${event}' is not supported for notifications`, 'Event', event)
    }
  }
  return { id, targetArn, events, filter: parts }
}

function checkFilterPart({ name, value }: { readonly name: string; readonly value: string }): FilterRule {
  const lower = name.toLowerCase()
  if (lower !== 'prefix' && lower !== 'suffix') {
    throw invalidArgument('filter rule name must be either prefix or suffix', 'FilterRule.Name', name)
  }
  if (Buffer.byteLength(value) > FILTER_BYTES_MAX) {
    throw invalidArgument(`Size of filter rule value cannot exceed ${FILTER_BYTES_MAX} bytes in UTF-8 representation`)
  }
  return { name: lower === 'prefix' ? 'Prefix' : 'Suffix', value }
}

function checkIds(rules: readonly NotificationRule[]): void {
  const seen = new Set<string>()
  for (const { id } of rules) {
    if (id.length > ID_LENGTH_MAX) throw invalidArgument(`ID length exceeded allowed limit of ${ID_LENGTH_MAX}`)
    if (seen.has(id)) throw invalidArgument('Same ID used for multiple configurations. IDs must be unique.')
    seen.add(id)
  }
}

function checkPlace(kind: Kind, arn: string, bucketRegion: string): void {
  const region = arn.split(':')[3]
  if (region !== bucketRegion) {
    throw invalidArgument(
      'The notification destination service region is not valid for the bucket location constraint',
      kind,
      arn,
    )
  }
  if (arn.endsWith('.fifo')) {
    throw invalidArgument(`FIFO ${kind === 'Queue' ? 'SQS queues' : 'SNS topics'} are not supported.`, kind, arn)
  }
}
