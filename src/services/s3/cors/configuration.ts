import type { AwsError } from '../../../protocol/errors.ts'
import { invalidRequest, malformedXml } from '../errors.ts'
import type { S3Input, S3Output } from '../operation.ts'
import type { CorsRule } from './rule.ts'

type ConfigurationInput = S3Input<'PutBucketCors'>['CORSConfiguration']
type RuleInput = NonNullable<NonNullable<ConfigurationInput>['CORSRules']>[number]

export const CORS_RULES_MAX = 100
const ID_LENGTH_MAX = 255
const METHODS = new Set(['GET', 'PUT', 'HEAD', 'POST', 'DELETE'])

/** Throws MalformedXML and InvalidRequest. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html */
export function parseCorsConfiguration(configuration: ConfigurationInput): CorsRule[] {
  const rules = configuration?.CORSRules ?? []
  if (rules.length === 0) throw malformedXml()
  if (rules.length > CORS_RULES_MAX) {
    throw invalidRequest(`The number of CORS rules should not exceed allowed limit of ${CORS_RULES_MAX} rules.`)
  }
  return rules.map(parseRule)
}

export function corsOutput(rules: readonly CorsRule[]): NonNullable<S3Output<'GetBucketCors'>['CORSRules']> {
  return rules.map((rule) => ({
    ...(rule.id !== undefined && { ID: rule.id }),
    ...(rule.allowedHeaders.length > 0 && { AllowedHeaders: [...rule.allowedHeaders] }),
    AllowedMethods: [...rule.allowedMethods],
    AllowedOrigins: [...rule.allowedOrigins],
    ...(rule.exposeHeaders.length > 0 && { ExposeHeaders: [...rule.exposeHeaders] }),
    ...(rule.maxAgeSeconds !== undefined && { MaxAgeSeconds: rule.maxAgeSeconds }),
  }))
}

function parseRule(rule: RuleInput): CorsRule {
  const { ID: id, AllowedOrigins: origins = [], AllowedMethods: methods = [], MaxAgeSeconds: age } = rule
  const { AllowedHeaders: headers = [], ExposeHeaders: exposed = [] } = rule
  if (origins.length === 0 || methods.length === 0) throw malformedXml()
  if (id !== undefined && id.length > ID_LENGTH_MAX) {
    throw invalidRequest(`The ID of a CORS rule should not exceed ${ID_LENGTH_MAX} characters.`)
  }
  if (age !== undefined && !(age >= 0)) throw malformedXml()
  for (const method of methods) {
    if (METHODS.has(method)) continue
    throw invalidRequest(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`)
  }
  for (const origin of origins) if (stars(origin) > 1) throw tooManyStars('AllowedOrigin', origin)
  for (const header of headers) if (stars(header) > 1) throw tooManyStars('AllowedHeader', header)
  for (const header of exposed) {
    if (stars(header) === 0) continue
    throw invalidRequest(
      `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
    )
  }
  return {
    ...(id !== undefined && { id }),
    allowedOrigins: origins,
    allowedMethods: methods,
    allowedHeaders: headers,
    exposeHeaders: exposed,
    ...(age !== undefined && { maxAgeSeconds: age }),
  }
}

const stars = (pattern: string): number => pattern.split('*').length - 1

const tooManyStars = (name: string, value: string): AwsError =>
  invalidRequest(`${name} "${value}" can not have more than one wildcard.`)
