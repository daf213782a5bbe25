import type { Template } from '../../template/template.ts'
import { insufficientCapabilities } from './errors.ts'

export type Capability = 'CAPABILITY_IAM' | 'CAPABILITY_NAMED_IAM' | 'CAPABILITY_AUTO_EXPAND'

/** What a template needs its deployer to agree to. */
export interface NeededCapabilities {
  readonly capabilities: readonly Capability[]
  /** "The following resource(s) require capabilities: [AWS::IAM::Role]"; undefined when nothing is needed. */
  readonly reason: string | undefined
}

/** Types that give permissions, and the property whose value is a name for the whole account. */
const IAM_TYPES: Readonly<Record<string, string | undefined>> = {
  'AWS::IAM::AccessKey': undefined,
  'AWS::IAM::Group': 'GroupName',
  'AWS::IAM::InstanceProfile': 'InstanceProfileName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Policy': undefined,
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::User': 'UserName',
  'AWS::IAM::UserToGroupAddition': undefined,
}

/**
 * What a template, with its macros expanded, asks for. https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
 * `isExpanded`: the template is deployed right after its macros have changed it, so nobody saw what they made (a change set shows it).
 */
export function neededCapabilities(template: Template, isExpanded: boolean): NeededCapabilities {
  const types = new Set<string>()
  let isNamed = false
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (!Object.hasOwn(IAM_TYPES, Type)) continue
    types.add(Type)
    const nameProperty = IAM_TYPES[Type]
    if (nameProperty !== undefined && Properties?.[nameProperty] !== undefined) isNamed = true
  }
  const capabilities: Capability[] = []
  if (types.size > 0) capabilities.push(isNamed ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM')
  if (isExpanded) capabilities.push('CAPABILITY_AUTO_EXPAND')
  return {
    capabilities,
    reason:
      types.size === 0
        ? undefined
        : `The following resource(s) require capabilities: [${[...types].sort().join(', ')}]`,
  }
}

/** Throws InsufficientCapabilitiesException naming what was needed and not given. */
export function requireCapabilities(needed: NeededCapabilities, given: readonly string[] | undefined): void {
  const has = (capability: Capability) =>
    given?.includes(capability) === true ||
    // Who agrees to names agrees to permissions.
    (capability === 'CAPABILITY_IAM' && given?.includes('CAPABILITY_NAMED_IAM') === true)
  const missing = needed.capabilities.filter((capability) => !has(capability))
  if (missing.length > 0) throw insufficientCapabilities(missing)
}
