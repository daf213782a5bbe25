import type { HttpReply, HttpRequest } from '../../../protocol/pipeline.ts'
import { decodePercent } from '../../../protocol/form.ts'
import { Unreadable } from '../../../protocol/unreadable.ts'
import { sourceOf } from '../../../std/byte-source.ts'
import type { S3 } from '../service.ts'
import { bucketWebsites } from '../tables.ts'
import { errorPage, type Failure, failureOf } from './error-page.ts'
import {
  findRule,
  folderLocation,
  keyPath,
  otherHost,
  type RoutingRule,
  ruleLocation,
  type Visit,
  type Website,
} from './routing.ts'

/** The listener cut the domain off, as it does for buckets. Regions follow a dash or a dot, as in AWS's two kinds of addresses. */
const HOST = /^(.+)\.s3-website(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?$/
/** What of a visitor's request the object's own request repeats: no more, so that nobody but an anonymous caller reads. */
const CONDITIONS = ['range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range']
const CONTEXT = ['host', 'user-agent', 'referer', 'origin']

export interface WebsiteDoors {
  /** Answers a request to S3: the pipeline. */
  readonly read: (request: HttpRequest) => Promise<HttpReply>
  readonly onBug: (error: unknown, path: string) => void
}

type Documents = Extract<Website, { kind: 'documents' }>

/** The HTTP side of static websites: `http://BUCKET.s3-website.<domain>/` for every configured domain. */
export class Websites {
  readonly #s3: S3
  readonly #doors: WebsiteDoors

  constructor(s3: S3, doors: WebsiteDoors) {
    this.#s3 = s3
    this.#doors = doors
  }

  /** Undefined for requests to other hosts. */
  handle(request: HttpRequest): Promise<HttpReply> | undefined {
    const bucket = request.hostBucket === undefined ? undefined : HOST.exec(request.hostBucket)?.[1]
    return bucket === undefined ? undefined : this.#answer(bucket, request)
  }

  async #answer(bucket: string, request: HttpRequest): Promise<HttpReply> {
    try {
      return await this.#visit(bucket, request)
    } catch (error) {
      if (error instanceof Unreadable) return page(request, BAD_PATH)
      if (!request.isGone) this.#doors.onBug(error, request.path)
      return page(request, INTERNAL_ERROR)
    }
  }

  async #visit(bucket: string, request: HttpRequest): Promise<HttpReply> {
    const { method, path, query, host } = request
    if (method !== 'GET' && method !== 'HEAD') {
      return page(request, { ...WRONG_METHOD, details: { Method: method, ResourceType: 'OBJECT' } })
    }
    if ((await this.#s3.buckets.find(bucket)) === undefined) {
      return page(request, { ...NO_BUCKET, details: { BucketName: bucket } })
    }
    const website = await bucketWebsites.get(this.#s3.store, [bucket])
    if (website === undefined) return page(request, { ...NO_WEBSITE, details: { BucketName: bucket } })
    const visit: Visit = { host, key: decodePercent(path.slice(1)), query }
    if (website.kind === 'redirect') return redirect(301, otherHost(website, visit))
    const rule = findRule(website.rules, visit.key, undefined)
    return rule === undefined ? this.#document(bucket, website, visit, request) : follow(rule, visit)
  }

  async #document(bucket: string, website: Documents, visit: Visit, request: HttpRequest): Promise<HttpReply> {
    const isFolder = visit.key === '' || visit.key.endsWith('/')
    const key = isFolder ? visit.key + website.indexSuffix : visit.key
    const reply = await this.#doors.read(readRequest(request, bucket, key, [...CONTEXT, ...CONDITIONS]))
    if (reply.status < 400) return redirectOf(reply) ?? reply
    const isAbsent = reply.status === 404 || reply.status === 403
    if (isAbsent && !isFolder && (await this.#exists(bucket, `${key}/${website.indexSuffix}`, request))) {
      return redirect(302, folderLocation(key))
    }
    const rule = findRule(website.rules, visit.key, reply.status)
    if (rule !== undefined) return follow(rule, visit)
    const failure = failureOf(reply, key)
    if (website.errorKey === undefined) return page(request, failure)
    const document = await this.#doors.read(readRequest(request, bucket, website.errorKey, CONTEXT))
    if (document.status >= 400) return page(request, failure, failureOf(document, website.errorKey))
    return redirectOf(document) ?? { ...document, status: reply.status }
  }

  async #exists(bucket: string, key: string, request: HttpRequest): Promise<boolean> {
    const { status } = await this.#doors.read({ ...readRequest(request, bucket, key, CONTEXT), method: 'HEAD' })
    return status < 400
  }
}

/** The object's request, of nobody: what a visitor signed or asked for in the query means nothing here. */
function readRequest(request: HttpRequest, bucket: string, key: string, names: readonly string[]): HttpRequest {
  const path = `/${keyPath(key)}`
  const { method, host, sourceIp, isSecure, userAgent } = request
  return {
    method,
    target: path,
    path,
    query: '',
    headers: Object.fromEntries(names.map((name) => [name, request.headers[name]])),
    host,
    hostBucket: bucket,
    sourceIp,
    isSecure,
    userAgent,
    body: sourceOf(''),
    get signal() {
      return request.signal
    },
    get isGone() {
      return request.isGone
    },
  }
}

const follow = (rule: RoutingRule, visit: Visit): HttpReply =>
  redirect(rule.redirect.status ?? 301, ruleLocation(rule, visit))

/** Objects too may say that they are elsewhere. */
function redirectOf({ headers }: HttpReply): HttpReply | undefined {
  const location = headers['x-amz-website-redirect-location']
  return typeof location === 'string' ? redirect(301, location) : undefined
}

function redirect(status: number, location: string): HttpReply {
  return { status, headers: { location, 'content-length': '0' }, body: undefined }
}

function page({ method }: HttpRequest, failure: Failure, ofDocument?: Failure): HttpReply {
  const { headers, body } = errorPage(failure, ofDocument)
  return { status: failure.status, headers, body: method === 'HEAD' ? undefined : body }
}

const WRONG_METHOD: Failure = {
  status: 405,
  code: 'MethodNotAllowed',
  message: 'The specified method is not allowed against this resource.',
}
const NO_BUCKET: Failure = { status: 404, code: 'NoSuchBucket', message: 'The specified bucket does not exist' }
const NO_WEBSITE: Failure = {
  status: 404,
  code: 'NoSuchWebsiteConfiguration',
  message: 'The specified bucket does not have a website configuration',
}
const BAD_PATH: Failure = { status: 400, code: 'InvalidURI', message: "Couldn't parse the specified URI." }
const INTERNAL_ERROR: Failure = {
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error. Please try again.',
}
