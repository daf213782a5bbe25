import { configurationOf } from '../configuration.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'

export const getFunction: LambdaOperation<'GetFunction'> = {
  authorize: (call) => functionGrant('GetFunction', call),

  async handle(call, lambda) {
    const { ref, row, version, config } = await lambda.catalog.requireVersion(refOf(call), homeOf(call))
    const { tags, reservedConcurrency } = row
    const path = await lambda.links.pathTo(config.code.sha256)
    return {
      Configuration: configurationOf(ref, version, config),
      Code: { RepositoryType: 'S3', Location: `${lambda.origin(call.http)}${path}` },
      ...(Object.keys(tags).length > 0 && { Tags: { ...tags } }),
      // Reserved concurrency belongs to the function: a qualified read does not show it.
      ...(reservedConcurrency !== null &&
        ref.qualifier === undefined && { Concurrency: { ReservedConcurrentExecutions: reservedConcurrency } }),
    }
  },
}
