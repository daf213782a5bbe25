import type { Call } from '../../protocol/operation.ts'
import { reservedName, tooManyLevels, validation } from './errors.ts'
import type { ParameterKey } from './tables.ts'

// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html
const LEVELS_MAX = 15
/** Of a parameter's ARN. */
const ARN_CHARACTERS_MAX = 1011

type Home = Pick<Call, 'accountId' | 'region'>

/** A parameter as reading requests name it: by name or ARN, and perhaps one of its versions. */
export interface ParameterRef {
  /** What it may be called: an ARN does not say whether the name begins with a slash. Empty: it cannot be here. */
  readonly names: readonly string[]
  readonly arn: string
  /** As the request says it, without the selector. */
  readonly text: string
  /** `3` or `label` as it was asked for; undefined for the newest version. */
  readonly selector: string | undefined
}

/** Names with and without a leading slash have the same ARN. */
export function parameterArn({ accountId, region }: Home, name: string): string {
  return `arn:aws:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, '')}`
}

export function parameterKey({ accountId, region }: Home, name: string): ParameterKey {
  return [accountId, region, name]
}

/** Throws for names that no new parameter may have. */
export function checkNewName(home: Home, name: string): void {
  if (/^\/?aws/i.test(name)) throw reservedName(name)
  checkName(name)
  if (name.includes('/') && !name.startsWith('/')) throw validation('Parameter name must be a fully qualified name.')
  if (name.endsWith('/') || name.includes('//')) throw invalidName()
  if (name.split('/').length - 1 > LEVELS_MAX) throw tooManyLevels(LEVELS_MAX)
  if (parameterArn(home, name).length > ARN_CHARACTERS_MAX) {
    throw validation(`The ARN of a parameter can have at most ${ARN_CHARACTERS_MAX} characters.`)
  }
}

/** Name, `name:version`, `name:label` or the ARN of one of these. Throws ValidationException for what is none of them. */
export function parseReference(home: Home, given: string): ParameterRef {
  const [, region, accountId, path] = /^arn:aws[\w-]*:ssm:([a-z0-9-]+):(\d{12}):parameter\/(.+)$/.exec(given) ?? []
  const [name = '', selector, ...rest] = (path ?? given).split(':')
  if (rest.length > 0) throw invalidName()
  if (path === undefined) {
    checkName(name)
    return { names: [name], arn: parameterArn(home, name), text: name, selector }
  }
  const text = selector === undefined ? given : given.slice(0, -selector.length - 1)
  // What another account or region shares is not here.
  const isHere = region === home.region && accountId === home.accountId
  const names = name.includes('/') ? [`/${name}`] : [name, `/${name}`]
  return { names: isHere ? names : [], arn: text, text, selector }
}

/** `/a/b/` and `/a/b` mean the same. Throws ValidationException for what cannot begin a name. */
export function parsePath(path: string): string {
  if (path === '/') return path
  if (/^(?:\/[\w.-]+)+\/?$/.test(path) && !/^\/ssm/i.test(path)) return path.replace(/\/$/, '')
  throw validation(
    'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can\'t be prefixed with \\"aws\\" or \\"ssm\\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.',
  )
}

function checkName(name: string): void {
  if (!/^[\w./-]+$/.test(name) || /^\/?ssm/i.test(name)) throw invalidName()
}

function invalidName() {
  return validation(
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
  )
}
