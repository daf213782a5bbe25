import { matchesEvent, type NotificationRule, filterValue } from './rule.ts'

/** How a function that a rule invokes could make the rule match again. */
export interface PossibleLoop {
  readonly functionArn: string
  readonly roleArn: string
  /** A key that the role may write and the rule matches. */
  readonly key: string
}

/** Finds out whether a function may write an object into a bucket whose key begins and ends so; undefined when it may not. */
export type FindLoop = (
  functionArn: string,
  bucketName: string,
  ends: { readonly prefix: string; readonly suffix: string },
) => Promise<PossibleLoop | undefined>

export interface LoopWatch {
  readonly find: FindLoop
  /** Refuses such a configuration instead of warning. */
  readonly isStrict: boolean
  /** Told of every cycle in a configuration that is saved, as it is drawn. */
  readonly onLoop: (drawing: string) => void
}

/** What writing an object tells; deleting one is not repeated for ever. */
const WRITE_EVENTS = [
  'ObjectCreated:Put',
  'ObjectCreated:Post',
  'ObjectCreated:Copy',
  'ObjectCreated:CompleteMultipartUpload',
]

/** Does the rule invoke a function for objects that are written? */
export function mayLoop({ targetArn, events }: Pick<NotificationRule, 'targetArn' | 'events'>): boolean {
  const isFunction = targetArn.split(':', 3)[2] === 'lambda'
  return isFunction && WRITE_EVENTS.some((name) => events.some((configured) => matchesEvent(configured, name)))
}

/** Every cycle that a configuration could make, drawn. */
export async function findLoops(
  find: FindLoop,
  bucketName: string,
  rules: readonly NotificationRule[],
): Promise<string[]> {
  const drawings: string[] = []
  for (const rule of rules.filter(mayLoop)) {
    const ends = { prefix: decoded(filterValue(rule, 'Prefix')), suffix: decoded(filterValue(rule, 'Suffix')) }
    const loop = await find(rule.targetArn, bucketName, ends)
    if (loop !== undefined) drawings.push(drawLoop(bucketName, rule, loop))
  }
  return drawings
}

/** The cycle in one line, from the rule round to itself. */
export function drawLoop(
  bucketName: string,
  rule: NotificationRule,
  { functionArn, roleArn, key }: PossibleLoop,
): string {
  const filter = `${filterValue(rule, 'Prefix')}*${filterValue(rule, 'Suffix')}`
  return `possible loop: s3://${bucketName}/${filter} -> rule ${rule.id} -> ${functionArn} -> ${roleArn} -> s3:PutObject s3://${bucketName}/${key}`
}

/** What a filter means in a key. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    // Not what S3 encodes a key to: nothing ever matches it.
    return value
  }
}
