import { AwsError } from './errors.ts'
import { decodePercent, type Form } from './form.ts'
import { type Candidate, candidateOf, chooseCandidate } from './rest-router.ts'
import type { OperationSchema } from './schema.ts'
import type { WireRequest } from './service.ts'

/** Operations that S3 has outside its model: the browser's form upload and the preflight of cross-origin requests. */
export const pseudoOperations = ['PostObject', 'CorsPreflight'] as const
export type PseudoOperation = (typeof pseudoOperations)[number]

export interface BucketMatch {
  readonly operation: OperationSchema | PseudoOperation
  readonly labels: Readonly<Record<string, string>>
}

type Level = 'SERVICE' | 'BUCKET' | 'OBJECT'

/**
 * Routes S3: the bucket comes from the host or the first path segment, the key is the undivided rest, and the subresource
 * (`?acl`) decides before the verb does. A subresource that the chosen operation does not know is an error, never ignored:
 * otherwise `DELETE /bucket?new-thing` would delete the bucket.
 */
export class BucketRouter {
  readonly #candidates = new Map<string, Candidate[]>()
  readonly #subresources = new Set(['uploadId', 'partNumber'])
  readonly #consumed = new Map<string, ReadonlySet<string>>()
  readonly #methods = new Map<Level, Set<string>>()
  readonly #responseWriter: OperationSchema | undefined

  constructor(operations: Iterable<OperationSchema>) {
    for (const operation of operations) {
      const { path, candidate } = candidateOf(operation)
      if (path !== '/' && path !== '/{Key+}') {
        this.#responseWriter = operation
        continue
      }
      const hasBucket =
        operation.input?.members.some((member) => member.name === 'Bucket' && member.traits.httpLabel === 1) ?? false
      const level: Level = path === '/{Key+}' ? 'OBJECT' : hasBucket ? 'BUCKET' : 'SERVICE'
      const key = `${level} ${operation.method}`
      const list = this.#candidates.get(key)
      if (list === undefined) this.#candidates.set(key, [candidate])
      else list.push(candidate)
      this.#methods.set(level, (this.#methods.get(level) ?? new Set()).add(operation.method))
      const literals = candidate.literals.map(([name]) => name)
      for (const [name, value] of candidate.literals) if (value === '') this.#subresources.add(name)
      const queries = operation.input?.members.flatMap((member) => member.traits.httpQuery ?? []) ?? []
      this.#consumed.set(operation.name, new Set([...literals, ...queries]))
    }
  }

  /** Throws AwsError for a method or subresource S3 does not have, Unreadable for broken escapes. */
  match(request: WireRequest, query: Form): BucketMatch {
    const labels = labelsOf(request)
    const level: Level = labels['Key'] !== undefined ? 'OBJECT' : labels['Bucket'] !== undefined ? 'BUCKET' : 'SERVICE'
    if (request.method === 'OPTIONS') return { operation: 'CorsPreflight', labels }
    if (this.#isResponseWriter(request)) return { operation: this.#responseWriter as OperationSchema, labels: {} }
    if (request.method === 'POST' && level === 'BUCKET' && this.#subresourceOf(query) === undefined) {
      return postObject(request, labels)
    }
    const candidates = this.#candidates.get(`${level} ${request.method}`)
    const operation =
      candidates &&
      (chooseCandidate(candidates, query, request.headers, true) ?? this.#incomplete(candidates, query, request))
    const subresource = this.#subresourceOf(query, operation)
    if (operation === undefined || subresource !== undefined)
      throw this.#refusal(request.method, level, query, subresource)
    return { operation, labels }
  }

  /** `PUT ?inventory` without its `id`: meant, but lacking something; parsing says what. */
  #incomplete(candidates: readonly Candidate[], query: Form, request: WireRequest): OperationSchema | undefined {
    return chooseCandidate(
      candidates.filter((candidate) => candidate.literals.length > 0),
      query,
      request.headers,
    )
  }

  /** The first subresource of the query that the operation does not use. */
  #subresourceOf(query: Form, operation?: OperationSchema): string | undefined {
    if (query.length === 0) return undefined
    const consumed = operation === undefined ? undefined : this.#consumed.get(operation.name)
    for (const [name] of query) if (this.#subresources.has(name) && consumed?.has(name) !== true) return name
    return undefined
  }

  #refusal(method: string, level: Level, query: Form, subresource: string | undefined): AwsError {
    const given = query.map(([name]) => name).filter((name) => this.#subresources.has(name))
    if (given.length > 1) {
      const names = [...new Set(given)].sort()
      return new AwsError('InvalidArgument', 400, `Conflicting query string parameters: ${names.join(', ')}`, {
        ArgumentName: 'ResourceType',
        ArgumentValue: names[0] as string,
      })
    }
    const resource = subresource === undefined ? level : subresource.toUpperCase()
    const allowed = [...(this.#methods.get(level) ?? [])].sort().join(', ')
    const fields = { Method: method, ResourceType: resource }
    return new AwsError('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.', fields, {
      allow: allowed,
    })
  }

  /** Object Lambda functions answer at a host of their own (`{route}.…`), without a bucket. */
  #isResponseWriter(request: WireRequest): boolean {
    return (
      request.method === 'POST' &&
      request.path === '/WriteGetObjectResponse' &&
      request.headers['x-amz-request-route'] !== undefined
    )
  }
}

function labelsOf(request: WireRequest): Record<string, string> {
  const { path, hostBucket } = request
  if (hostBucket !== undefined)
    return path.length > 1 ? { Bucket: hostBucket, Key: decodePercent(path.slice(1)) } : { Bucket: hostBucket }
  if (path.length <= 1) return {}
  const slash = path.indexOf('/', 1)
  if (slash < 0) return { Bucket: decodePercent(path.slice(1)) }
  const Bucket = decodePercent(path.slice(1, slash))
  return slash + 1 === path.length ? { Bucket } : { Bucket, Key: decodePercent(path.slice(slash + 1)) }
}

function postObject(request: WireRequest, labels: Readonly<Record<string, string>>): BucketMatch {
  if (request.headers['content-type']?.toLowerCase().startsWith('multipart/form-data') === true)
    return { operation: 'PostObject', labels }
  throw new AwsError('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold', {
    Condition: 'Bucket POST must be of the enclosure-type multipart/form-data',
  })
}
