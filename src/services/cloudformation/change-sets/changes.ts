import type { Change, ResourceChangeDetail } from '@aws-sdk/client-cloudformation'
import type { ChangeDetail, ResourceChange } from '../../../template/diff.ts'
import type { TemplateObject, TemplateResource, TemplateValue } from '../../../template/template.ts'
import { hideSecrets } from '../no-echo.ts'
import type { Comparison } from './compare.ts'
import { markUnknownMembers } from '../../../template/unknown.ts'

/**
 * Changes as DescribeChangeSet answers them, with the values that IncludePropertyValues asks for, secrets in them masked. Resources that stay
 * are left out.
 */
export function changesView({ resources, secrets }: Comparison): Change[] {
  return resources.filter(({ action }) => action !== 'Unchanged').map((change) => changeView(change, secrets))
}

/** Without values: what DescribeChangeSet answers unless it is asked for them. */
export function withoutValues(change: Change): Change {
  const { ResourceChange: resource, ...rest } = change
  if (resource === undefined) return change
  const { BeforeContext: _before, AfterContext: _after, Details, ...kept } = resource
  return {
    ...rest,
    ResourceChange: {
      ...kept,
      Details: Details?.map(({ Target, ...detail }) => {
        if (Target === undefined) return detail
        const { BeforeValue: _, AfterValue: _after, Path: _path, AttributeChangeType: _type, ...target } = Target
        return { ...detail, Target: target }
      }),
    },
  }
}

function changeView(change: ResourceChange, secrets: readonly string[]): Change {
  const { action, before, after } = change
  return {
    Type: 'Resource',
    ResourceChange: {
      Action: action as 'Add' | 'Modify' | 'Remove',
      LogicalResourceId: change.logicalId,
      PhysicalResourceId: change.physicalId,
      ResourceType: change.type,
      Replacement: change.replacement,
      PolicyAction: change.policyAction,
      Scope: [...change.scope],
      Details: change.details.map((detail) => detailView(detail, secrets)),
      BeforeContext: before && contextOf(hideSecrets(before.properties, secrets), before.source),
      AfterContext: after && contextOf(hideSecrets(markUnknownMembers(after.properties), secrets), after.source),
    },
  }
}

function detailView(detail: ChangeDetail, secrets: readonly string[]): ResourceChangeDetail {
  const { target, evaluation, changeSource, causingEntity } = detail
  const shown = (value: TemplateValue | undefined) =>
    value === undefined ? undefined : textOf(hideSecrets(value, secrets))
  return {
    Target: {
      Attribute: target.attribute,
      Name: target.name,
      RequiresRecreation: target.requiresRecreation,
      Path: target.path,
      AttributeChangeType: target.changeType,
      BeforeValue: shown(target.beforeValue),
      AfterValue: shown(target.afterValue),
    },
    Evaluation: evaluation,
    ChangeSource: changeSource,
    CausingEntity: causingEntity,
  }
}

/** The resource, as JSON, with its evaluated properties. */
function contextOf(properties: TemplateObject, source: TemplateResource) {
  const { Type: _, DependsOn: _on, Condition: _if, ...rest } = source
  return JSON.stringify({ ...rest, Properties: properties })
}

const textOf = (value: TemplateValue): string => (typeof value === 'string' ? value : JSON.stringify(value))
