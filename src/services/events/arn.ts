import type { Call } from '../../protocol/operation.ts'

/** An event bus as requests and ARNs name it, whether or not it exists. */
export interface BusRef {
  readonly accountId: string
  readonly region: string
  readonly name: string
}

export interface RuleRef {
  readonly bus: BusRef
  readonly name: string
}

export const DEFAULT_BUS = 'default'

export function busArn({ accountId, region, name }: BusRef): string {
  return `arn:aws:events:${region}:${accountId}:event-bus/${name}`
}

/** Rules of the default bus do not name it. */
export function ruleArn({ bus, name }: RuleRef): string {
  const path = bus.name === DEFAULT_BUS ? name : `${bus.name}/${name}`
  return `arn:aws:events:${bus.region}:${bus.accountId}:rule/${path}`
}

/** A complete bus ARN; undefined for anything else. */
export function parseBusArn(arn: string): BusRef | undefined {
  const match = /^arn:[a-z-]+:events:([a-z0-9-]+):(\d{12}):event-bus\/([^/]+)$/.exec(arn)
  if (match === null) return undefined
  return { region: match[1] as string, accountId: match[2] as string, name: match[3] as string }
}

/** A complete rule ARN; undefined for anything else. */
export function parseRuleArn(arn: string): RuleRef | undefined {
  const match = /^arn:[a-z-]+:events:([a-z0-9-]+):(\d{12}):rule\/(?:([^/]+)\/)?([^/]+)$/.exec(arn)
  if (match === null) return undefined
  const [, region, accountId, bus, name] = match
  return {
    bus: { region: region as string, accountId: accountId as string, name: bus ?? DEFAULT_BUS },
    name: name as string,
  }
}

type Home = Pick<Call, 'accountId' | 'region'>

/** The bus that a request names by its name or ARN; the default one when it names none. */
export function busOf({ accountId, region }: Home, nameOrArn: string | undefined): BusRef {
  const name = nameOrArn ?? DEFAULT_BUS
  return parseBusArn(name) ?? { accountId, region, name }
}

export function ruleOf(home: Home, name: string | undefined, bus: string | undefined): RuleRef {
  return { bus: busOf(home, bus), name: name ?? '*' }
}
