import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formValue, parseForm } from './form.ts'
import { ModelService } from './model-service.ts'
import { unpackModel } from './schema.ts'
import type { ServiceProtocol, WireRequest } from './service.ts'
import type { ValidationStyle } from './validate.ts'

const modelsFolder = join(import.meta.dirname, '../../models')

interface DirectoryLine {
  readonly service: string
  readonly signingName: string
  readonly target: string
  readonly version: string
  readonly protocol: string
  readonly validation: ValidationStyle
}

let directory: readonly DirectoryLine[] | undefined

function lines(): readonly DirectoryLine[] {
  directory ??= JSON.parse(readFileSync(join(modelsFolder, 'directory.json'), 'utf8')) as DirectoryLine[]
  return directory
}

let names: ReadonlySet<string> | undefined

/** The services that have a model, as credential scopes call them. */
export function signingNames(): ReadonlySet<string> {
  names ??= new Set(lines().map((line) => line.signingName))
  return names
}

const loaded = new Map<string, ServiceProtocol>()

/** The services that have a model, in the order of `models/services.json`. */
export function serviceNames(): readonly string[] {
  return lines().map((line) => line.service)
}

/** Reads a service's model on first use (about 1 ms) and keeps it. */
export function loadService(service: string): ServiceProtocol {
  let protocol = loaded.get(service)
  if (protocol === undefined) {
    const line = lines().find((line) => line.service === service)
    if (line === undefined) throw new Error(`no model of service ${service}`)
    protocol = new ModelService(
      unpackModel(readFileSync(join(modelsFolder, `${service}.json`), 'utf8')),
      line.validation,
    )
    loaded.set(service, protocol)
  }
  return protocol
}

/** True when {@link chooseService} has to see the form of an unsigned request: STS is called without a signature. */
export function needsBodyToChoose(request: WireRequest, scopeService: string | undefined): boolean {
  if (scopeService !== undefined || request.method !== 'POST' || request.path !== '/') return false
  return request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
}

/** S3 Control shares name, keys and hosts with S3; its clients always say whose account they mean, and a bucket may be called `v20180820`. */
function isForControl({ path, headers }: WireRequest): boolean {
  return path.startsWith('/v20180820/') && headers['x-amz-account-id'] !== undefined
}

/**
 * The service a request is for: the signature's scope says so; without one, the target header, the RPC path, a query call's
 * Version, or Lambda's dated paths. Everything else is S3, and so is a scope that names no service of ours.
 */
export function chooseService(
  request: WireRequest,
  scopeService: string | undefined,
  formBody?: () => Buffer | undefined,
): string {
  if ((scopeService === undefined || scopeService === 's3') && isForControl(request)) return 's3control'
  if (scopeService !== undefined) return lines().find((line) => line.signingName === scopeService)?.service ?? 's3'
  const target = request.headers['x-amz-target'] ?? /^\/service\/([^/]+)\/operation\//.exec(request.path)?.[1]
  if (target !== undefined) {
    const prefix = target.split('.')[0]
    const named = lines().find((line) => line.target === prefix)
    if (named !== undefined) return named.service
  }
  const version =
    queryVersion(request.query) ??
    queryVersion(needsBodyToChoose(request, scopeService) ? formBody?.()?.toString('utf8') : undefined)
  if (version !== undefined) {
    const versioned = lines().find((line) => line.version === version && line.protocol !== 'restXml')
    if (versioned !== undefined) return versioned.service
  }
  const dated =
    /^\/20\d\d-\d\d-\d\d\/(functions|event-source-mappings|layers|layers-by-arn|tags|account-settings)(\/|$)/
  return request.hostBucket === undefined && dated.test(request.path) ? 'lambda' : 's3'
}

/** The Version of a form that has an Action too. */
function queryVersion(text: string | undefined): string | undefined {
  if (text?.includes('Action=') !== true || !text.includes('Version=')) return undefined
  try {
    const form = parseForm(text)
    return formValue(form, 'Action') === undefined ? undefined : formValue(form, 'Version')
  } catch {
    return undefined
  }
}
