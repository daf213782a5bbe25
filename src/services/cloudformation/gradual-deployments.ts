import type { Template } from '../../template/template.ts'

/** What the SAM transform makes of a function's `DeploymentPreference`. */
export interface GradualDeployments {
  /** Deployment group → the function that has the preference. */
  readonly groups: ReadonlyMap<string, string>
  /** Resources of CodeDeploy that were made for them, the groups among them. */
  readonly parts: ReadonlySet<string>
  /** Aliases whose update policy was made for them. */
  readonly aliases: ReadonlySet<string>
}

const GROUP_TYPE = 'AWS::CodeDeploy::DeploymentGroup'
const GROUP_SUFFIX = 'DeploymentGroup'
const APPLICATION_ID = 'ServerlessDeploymentApplication'

/** Finds them in a template after its transforms, by what is not in it as it was written. */
export function gradualDeployments(processed: Template, written: Template): GradualDeployments {
  const made = Object.entries(processed.Resources).filter(([id]) => !Object.hasOwn(written.Resources, id))
  const groups = new Map(
    made
      .filter(([id, { Type }]) => Type === GROUP_TYPE && id.endsWith(GROUP_SUFFIX))
      .map(([id]) => [id, id.slice(0, -GROUP_SUFFIX.length)]),
  )
  const isPart = (id: string) => groups.has(id) || (groups.size > 0 && id === APPLICATION_ID)
  const isAlias = (policy: object | undefined) =>
    groups.size > 0 && policy !== undefined && Object.hasOwn(policy, 'CodeDeployLambdaAliasUpdate')
  return {
    groups,
    parts: new Set(made.map(([id]) => id).filter(isPart)),
    aliases: new Set(made.filter(([, { UpdatePolicy }]) => isAlias(UpdatePolicy)).map(([id]) => id)),
  }
}
