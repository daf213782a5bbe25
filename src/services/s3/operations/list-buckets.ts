import { callerAccount } from '../../../protocol/caller.ts'
import { stringPrefixRange } from '../../../store/keys.ts'
import { invalidArgument } from '../errors.ts'
import { continuationToken, parseContinuationToken } from '../listing/parameters.ts'
import { bucketArn, type S3Operation } from '../operation.ts'
import { canonicalUserId } from '../owners.ts'
import { isRegion } from '../regions.ts'
import { buckets } from '../tables.ts'

const MAX_BUCKETS = 10_000
const PAGE = 1000

export const listBuckets: S3Operation<'ListBuckets'> = {
  authorize: () => [{ action: 's3:ListAllMyBuckets', resource: '*' }],

  async handle(call, s3) {
    const { MaxBuckets, ContinuationToken, Prefix: prefix = '', BucketRegion: region } = call.input
    if (MaxBuckets !== undefined && (MaxBuckets < 1 || MaxBuckets > MAX_BUCKETS)) {
      throw invalidArgument(
        `Argument max-buckets must be an integer between 1 and ${MAX_BUCKETS}`,
        'max-buckets',
        String(MaxBuckets),
      )
    }
    if (region !== undefined && !isRegion(region)) {
      throw invalidArgument(`Argument value ${region} is not a valid AWS Region`, 'bucket-region', region)
    }
    const limit = MaxBuckets ?? MAX_BUCKETS
    const account = callerAccount(call.caller) ?? call.accountId
    const isPaged = MaxBuckets !== undefined || ContinuationToken !== undefined
    const found: { Name: string; CreationDate: Date; BucketRegion: string; BucketArn: string }[] = []
    let { gte, lt } = stringPrefixRange([buckets.name], prefix)
    if (ContinuationToken !== undefined) {
      const after = Buffer.concat([buckets.key([parseContinuationToken(ContinuationToken)]), Buffer.of(0)])
      if (Buffer.compare(after, gte) > 0) gte = after
    }
    // One more than the page shows whether there is another.
    while (found.length <= limit) {
      const entries = await s3.store.list({ gte, lt, limit: PAGE })
      for (const entry of entries) {
        const { key, value } = buckets.decode(entry)
        if (value.accountId !== account || (region !== undefined && value.region !== region)) continue
        found.push({
          Name: key[0],
          CreationDate: new Date(value.createdMs - (value.createdMs % 1000)),
          BucketRegion: value.region,
          BucketArn: bucketArn(key[0]),
        })
      }
      const last = entries.at(-1)
      if (last === undefined || entries.length < PAGE) break
      gte = Buffer.concat([last.key, Buffer.of(0)])
    }
    const page = found.slice(0, limit)
    const showsRegion = isPaged || region !== undefined || call.input.Prefix !== undefined
    return {
      Buckets: showsRegion ? page : page.map(({ Name, CreationDate }) => ({ Name, CreationDate })),
      Owner: { ID: canonicalUserId(account) },
      ...(call.input.Prefix !== undefined && { Prefix: prefix }),
      ...(found.length > limit && { ContinuationToken: continuationToken(page.at(-1)?.Name ?? '') }),
    }
  },
}
