import type { Change, ResourceChangeDetail } from '@aws-sdk/client-cloudformation'
import type { ChangeDetail, ResourceChange } from '../../../template/diff.ts'
import type { TemplateObject, TemplateResource, TemplateValue } from '../../../template/template.ts'
import { markUnknownMembers } from '../../../template/unknown.ts'

/** Changes as DescribeChangeSet answers them, with the values that IncludePropertyValues asks for. Resources that stay are left out. */
export function changesView(changes: readonly ResourceChange[]): Change[] {
  return changes.filter(({ action }) => action !== 'Unchanged').map(changeView)
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

function changeView(change: ResourceChange): Change {
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
      Details: change.details.map(detailView),
      BeforeContext: before && contextOf(before.properties, before.source),
      AfterContext: after && contextOf(markUnknownMembers(after.properties), after.source),
    },
  }
}

function detailView({ target, evaluation, changeSource, causingEntity }: ChangeDetail): ResourceChangeDetail {
  return {
    Target: {
      Attribute: target.attribute,
      Name: target.name,
      RequiresRecreation: target.requiresRecreation,
      Path: target.path,
      AttributeChangeType: target.changeType,
      BeforeValue: textOf(target.beforeValue),
      AfterValue: textOf(target.afterValue),
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

const textOf = (value: TemplateValue | undefined): string | undefined =>
  value === undefined || typeof value === 'string' ? value : JSON.stringify(value)
