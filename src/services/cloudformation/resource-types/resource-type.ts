import type { InputOf, OperationName, OutputOf } from '../../../protocol/operation.ts'
import type { TemplateObject } from '../../../template/template.ts'
import type { ServiceModels, ServiceName } from '../../door.ts'

/**
 * How stacks make, change, read and remove the resources of one type: the contract of CloudFormation's own registry. A type calls the same
 * operations as any client, as the role of the stack, so permissions are enforced. Every method may run twice (a process died before
 * it could write down that a step was done) and must then come to the same end: names derive from {@link ResourceContext.physicalName}, what is
 * there already is adopted when {@link ResourceContext.isRepeat} says that it can only be ours, and what is gone already counts as deleted.
 * A thrown AwsError fails the step, its text becomes the reason.
 */
export interface ResourceType {
  /** `AWS::S3::Bucket` */
  readonly name: string
  /** Top-level properties that are supported. Whatever else a template says of the type is refused before anything is touched. */
  readonly properties: readonly string[]
  /**
   * What of these (supported) properties cannot be done, a sentence each, naming the path: nested members, values. Called before anything is
   * touched, so parts may be missing that are only known later.
   */
  refusals?(properties: TemplateObject): readonly string[]
  create(ctx: ResourceContext, properties: TemplateObject): Promise<ResourceState>
  /** Never called when a property changed that replaces the resource; then it is a create, and a delete in the cleanup. */
  update(ctx: ResourceContext, existing: ExistingResource, properties: TemplateObject): Promise<ResourceState>
  delete(ctx: ResourceContext, existing: ExistingResource): Promise<void>
  /** The properties as they are now, as far as `existing.properties` names them; undefined when it does not exist. For drift detection. */
  read(ctx: ResourceContext, existing: ExistingResource): Promise<TemplateObject | undefined>
}

export interface ResourceState {
  /** What `Ref` gives. */
  readonly physicalId: string
  /** What `Fn::GetAtt` gives, by name; nested names are dotted. */
  readonly attributes: TemplateObject
}

export interface ExistingResource extends ResourceState {
  /** What the resource was last made of; where an update of it failed, what that was to make of it, since it may have got that far. */
  readonly properties: TemplateObject
}

export interface ResourceContext {
  readonly stackId: string
  readonly stackName: string
  readonly logicalId: string
  readonly accountId: string
  readonly region: string
  /** The same for every attempt at this step of this resource, unlike any other's: an idempotency token where a service takes one. */
  readonly token: string
  /** An earlier attempt at this step may have got somewhere. */
  readonly isRepeat: boolean
  /** The stack's tags, and those that CloudFormation adds (`aws:cloudformation:stack-name`, `…:stack-id`, `…:logical-id`). */
  readonly stackTags: Readonly<Record<string, string>>
  /** Keys of tags that the stack no longer has, and the resource may still have from it. */
  readonly goneStackTags: readonly string[]
  /** `stack-Logical-1A2B3C4D5E6F`: a name for a resource that the template does not name; the same for every attempt. */
  physicalName(options: { readonly lengthMax: number; readonly isLowerCase?: boolean }): string
  /** Calls an operation as the stack's role (else as whoever deploys it). Throws the callee's AwsError. */
  call<S extends ServiceName, N extends OperationName<ServiceModels[S]> & string>(
    service: S,
    operation: N,
    input: InputOf<ServiceModels[S], N>,
  ): Promise<OutputOf<ServiceModels[S], N>>
}
