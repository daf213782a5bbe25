import { AwsError } from '../../../protocol/errors.ts'
import { invalidArgument, invalidRequest, malformedXml } from '../errors.ts'
import type { S3Input, S3Output } from '../operation.ts'
import type { Redirect, RoutingRule, WebProtocol, Website } from './routing.ts'

type ConfigurationInput = S3Input<'PutBucketWebsite'>['WebsiteConfiguration']
type RuleInput = NonNullable<NonNullable<ConfigurationInput>['RoutingRules']>[number]
type RedirectInput = NonNullable<RuleInput['Redirect']>

export const ROUTING_RULES_MAX = 50
/** It becomes part of a header. */
const HOST_NAME = /^[\x21-\x7e]+$/
const REDIRECT_LOCATION_LENGTH_MAX = 2048

/** Throws MalformedXML, InvalidArgument and InvalidRequest. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html */
export function parseWebsite(configuration: ConfigurationInput): Website {
  if (configuration === undefined) throw malformedXml()
  const { RedirectAllRequestsTo: all, IndexDocument: index, ErrorDocument: error, RoutingRules: rules } = configuration
  if (all !== undefined) {
    if (index !== undefined || error !== undefined || rules !== undefined) {
      throw invalidArgument(
        'RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.',
        'RedirectAllRequestsTo',
        'not null',
      )
    }
    if (isEmpty(all.HostName) || !HOST_NAME.test(all.HostName)) throw malformedXml()
    const protocol = parseProtocol(all.Protocol)
    return { kind: 'redirect', hostName: all.HostName, ...(protocol && { protocol }) }
  }
  if (index === undefined) {
    throw invalidArgument(
      'A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty',
      'IndexDocument',
      'null',
    )
  }
  const { Suffix: indexSuffix } = index
  if (isEmpty(indexSuffix) || indexSuffix.includes('/')) {
    throw invalidArgument('The IndexDocument Suffix is not well formed', 'IndexDocument', indexSuffix ?? '')
  }
  if (error !== undefined && isEmpty(error.Key)) throw malformedXml()
  if (rules?.length === 0) throw malformedXml()
  if (rules !== undefined && rules.length > ROUTING_RULES_MAX) {
    throw invalidRequest(`The number of routing rules must not exceed the allowed limit of ${ROUTING_RULES_MAX} rules.`)
  }
  return {
    kind: 'documents',
    indexSuffix,
    ...(error?.Key !== undefined && { errorKey: error.Key }),
    rules: (rules ?? []).map(parseRule),
  }
}

export function websiteOutput(website: Website): S3Output<'GetBucketWebsite'> {
  if (website.kind === 'redirect') {
    const { hostName, protocol } = website
    return { RedirectAllRequestsTo: { HostName: hostName, ...(protocol && { Protocol: protocol }) } }
  }
  const { indexSuffix, errorKey, rules } = website
  return {
    IndexDocument: { Suffix: indexSuffix },
    ...(errorKey !== undefined && { ErrorDocument: { Key: errorKey } }),
    ...(rules.length > 0 && { RoutingRules: rules.map(ruleOutput) }),
  }
}

/** Where the website sends those who ask for an object. Throws InvalidRedirectLocation. */
export function checkRedirectLocation(location: string): void {
  if (location.length > REDIRECT_LOCATION_LENGTH_MAX) {
    throw invalidLocation('The length of website redirect location cannot exceed 2,048 characters.')
  }
  // Forms may hold what no header can.
  if (!/^(\/|https?:\/\/)[\x20-\x7e\x80-\xff]*$/.test(location)) {
    throw invalidLocation("The website redirect location must have a prefix of 'http://' or 'https://' or '/'.")
  }
}

function parseRule({ Condition: condition, Redirect: redirect }: RuleInput): RoutingRule {
  if (redirect === undefined || Object.values(redirect).every((value) => value === undefined)) throw malformedXml()
  const { KeyPrefixEquals: keyPrefix, HttpErrorCodeReturnedEquals: errorCode } = condition ?? {}
  if (condition !== undefined && keyPrefix === undefined && errorCode === undefined) {
    throw invalidRequest(
      "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
    )
  }
  if (errorCode !== undefined && !/^[45]\d\d$/.test(errorCode)) {
    throw invalidRequest(`The provided HTTP error code (${errorCode}) is not valid. Valid codes are 4XX or 5XX.`)
  }
  return {
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(errorCode !== undefined && { errorStatus: Number(errorCode) }),
    redirect: parseRedirect(redirect),
  }
}

function parseRedirect(redirect: RedirectInput): Redirect {
  const { HostName: hostName, ReplaceKeyPrefixWith: keyPrefix, ReplaceKeyWith: key, HttpRedirectCode: code } = redirect
  const protocol = parseProtocol(redirect.Protocol)
  if (keyPrefix !== undefined && key !== undefined) {
    throw invalidRequest('You can only define ReplaceKeyPrefix or ReplaceKey but not both.')
  }
  if (code !== undefined && !(/^3\d\d$/.test(code) && code !== '300')) {
    throw invalidRequest(`The provided HTTP redirect code (${code}) is not valid. Valid codes are 3XX except 300.`)
  }
  if (hostName !== undefined && !HOST_NAME.test(hostName)) throw malformedXml()
  return {
    ...(protocol && { protocol }),
    ...(hostName !== undefined && { hostName }),
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(key !== undefined && { key }),
    ...(code !== undefined && { status: Number(code) }),
  }
}

function parseProtocol(protocol: string | undefined): WebProtocol | undefined {
  if (protocol === undefined || protocol === 'http' || protocol === 'https') return protocol
  throw invalidRequest(
    'Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.',
  )
}

function ruleOutput({ keyPrefix, errorStatus, redirect }: RoutingRule): RuleInput {
  const hasCondition = keyPrefix !== undefined || errorStatus !== undefined
  const { protocol, hostName, keyPrefix: newPrefix, key, status } = redirect
  return {
    ...(hasCondition && {
      Condition: {
        ...(errorStatus !== undefined && { HttpErrorCodeReturnedEquals: String(errorStatus) }),
        ...(keyPrefix !== undefined && { KeyPrefixEquals: keyPrefix }),
      },
    }),
    Redirect: {
      ...(protocol && { Protocol: protocol }),
      ...(hostName !== undefined && { HostName: hostName }),
      ...(newPrefix !== undefined && { ReplaceKeyPrefixWith: newPrefix }),
      ...(key !== undefined && { ReplaceKeyWith: key }),
      ...(status !== undefined && { HttpRedirectCode: String(status) }),
    },
  }
}

const isEmpty = (text: string | undefined): text is undefined | '' => text === undefined || text === ''

const invalidLocation = (message: string): AwsError => new AwsError('InvalidRedirectLocation', 400, message)
