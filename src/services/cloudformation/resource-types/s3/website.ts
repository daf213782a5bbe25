import type { InputOf, OutputOf } from '../../../../protocol/operation.ts'
import type { ServiceModels } from '../../../door.ts'
import type { TemplateObject } from '../../../../template/template.ts'
import type { BucketProperty } from './bucket-shape.ts'

type Property = BucketProperty<'WebsiteConfiguration'>
type Configuration = NonNullable<InputOf<ServiceModels['s3'], 'PutBucketWebsite'>['WebsiteConfiguration']>
type Protocol = NonNullable<NonNullable<Configuration['RedirectAllRequestsTo']>['Protocol']>

/** CloudFormation names documents by their text, and the two halves of a routing rule in full. */
export function websiteInput(property: Property): Configuration {
  const { IndexDocument: Suffix, ErrorDocument: Key, RedirectAllRequestsTo: all, RoutingRules: rules } = property
  return {
    ...(Suffix !== undefined && { IndexDocument: { Suffix } }),
    ...(Key !== undefined && { ErrorDocument: { Key } }),
    ...(all && {
      RedirectAllRequestsTo: {
        HostName: all.HostName ?? '',
        ...(all.Protocol !== undefined && { Protocol: all.Protocol as Protocol }),
      },
    }),
    ...(rules && {
      RoutingRules: rules.map(({ RedirectRule: { Protocol, ...redirect } = {}, RoutingRuleCondition: Condition }) => ({
        ...(Condition && { Condition }),
        Redirect: { ...redirect, ...(Protocol !== undefined && { Protocol: Protocol as Protocol }) },
      })),
    }),
  }
}

export function websiteProperty(actual: OutputOf<ServiceModels['s3'], 'GetBucketWebsite'>): TemplateObject {
  const { IndexDocument: index, ErrorDocument: error, RedirectAllRequestsTo: all, RoutingRules: rules } = actual
  return {
    ...(index?.Suffix !== undefined && { IndexDocument: index.Suffix }),
    ...(error?.Key !== undefined && { ErrorDocument: error.Key }),
    ...(all?.HostName !== undefined && {
      RedirectAllRequestsTo: { HostName: all.HostName, ...(all.Protocol && { Protocol: all.Protocol }) },
    }),
    ...(rules && {
      RoutingRules: rules.map(({ Condition, Redirect }) => ({
        RedirectRule: { ...Redirect } as TemplateObject,
        ...(Condition && { RoutingRuleCondition: { ...Condition } as TemplateObject }),
      })),
    }),
  }
}
