import { createHash } from 'node:crypto'
import type { TemplateObject } from '../../../template/template.ts'

/** How the CDK describes the function that it puts into stacks for `Custom::S3BucketNotifications`. */
const DESCRIPTION = 'AWS CloudFormation handler for "Custom::S3BucketNotifications" resources (@aws-cdk/aws-s3)'

/** What {@link codeDigest} gives for the codes that versions of the CDK have had: aws-cdk-lib 2.275 and older ones, newest first. */
const CODE_DIGESTS: ReadonlySet<string> = new Set([
  '397e06c513d463c2ae1e0e36b618ee336f76947be0a8642d5b11f186998cffed',
  '93b8374c212dbae9bd60a0412433c07f501b88aab0178bd4fbffd5f38e40be5d',
  '5f71ed28842002af589920dc7ff5d61209e83af2f258f6e412043a7a718260cc',
])

/** Whether a function of these properties is the CDK's own handler of bucket notifications: any other may do something else. */
export function isNotificationsHandler({ Description, Code }: TemplateObject): boolean {
  if (Description !== DESCRIPTION) return false
  const source = (Code as TemplateObject | undefined)?.['ZipFile']
  return typeof source === 'string' && CODE_DIGESTS.has(codeDigest(source))
}

/** Of a Python source without what does not run: comment lines, empty lines and spaces at the ends of lines. */
export function codeDigest(source: string): string {
  const lines = source.split('\n').map((line) => line.trimEnd())
  const code = lines.filter((line) => line !== '' && !/^ *#/.test(line))
  return createHash('sha256').update(code.join('\n')).digest('hex')
}
