import { createHash } from 'node:crypto'
import { access, readFile, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { readTemplate } from '../../template/read.ts'
import { TemplateError, type TemplateObject, type TemplateValue } from '../../template/template.ts'
import { bundle } from './bundle.ts'
import { type PackedCode, PackageError, packCode } from './code-folder.ts'

/** Something that has to be in the bucket before the template can be deployed. */
export interface Artifact {
  /** The object's key: derived from the content, so an object that exists need not be sent again. */
  readonly key: string
  bytes(): Uint8Array
}

/** Code on this machine that a resource of the template is made of. */
export interface LocalCode {
  readonly logicalId: string
  readonly resourceType: string
  /** Absolute. */
  readonly path: string
  readonly artifact: Artifact
}

export interface PackagedTemplate {
  /** JSON: local paths are S3 addresses, short tags are long. */
  readonly text: string
  /** Names of the parameters that the template declares. */
  readonly parameterNames: readonly string[]
  readonly artifacts: readonly Artifact[]
  readonly code: readonly LocalCode[]
  /** Absolute paths of the template and everything it is made of. */
  readonly paths: readonly string[]
  /** What the author may want to know, a sentence each. */
  readonly warnings: readonly string[]
}

interface CodeProperty {
  readonly property: string
  /** How the resource names an object. */
  readonly address: (bucket: string, key: string) => TemplateValue
}

const uri = (bucket: string, key: string): TemplateValue => `s3://${bucket}/${key}`
const location = (S3Bucket: string, S3Key: string): TemplateValue => ({ S3Bucket, S3Key })
const CODE: Readonly<Record<string, CodeProperty>> = {
  'AWS::Serverless::Function': { property: 'CodeUri', address: uri },
  'AWS::Serverless::LayerVersion': { property: 'ContentUri', address: uri },
  'AWS::Lambda::Function': { property: 'Code', address: location },
  'AWS::Lambda::LayerVersion': { property: 'Content', address: location },
}
const NESTED: Readonly<Record<string, string>> = {
  'AWS::CloudFormation::Stack': 'TemplateURL',
  'AWS::Serverless::Application': 'Location',
}

/**
 * Reads a template and everything on this machine that it names, as `aws cloudformation package` does, and gives it addresses in `bucket`.
 * `objectUrl` makes the address of an object as nested stacks name it. Throws {@link PackageError}, which names the file.
 */
export async function packageTemplate(
  templatePath: string,
  bucket: string,
  objectUrl: (key: string) => string,
): Promise<PackagedTemplate> {
  return await new TemplatePackager(bucket, objectUrl).package(resolve(templatePath))
}

class TemplatePackager {
  readonly #bucket: string
  readonly #objectUrl: (key: string) => string
  readonly #artifacts = new Map<string, Artifact>()
  readonly #code: LocalCode[] = []
  readonly #paths: string[] = []
  readonly #warnings: string[] = []

  constructor(bucket: string, objectUrl: (key: string) => string) {
    this.#bucket = bucket
    this.#objectUrl = objectUrl
  }

  async package(path: string): Promise<PackagedTemplate> {
    const template = await this.#template(path)
    return {
      text: JSON.stringify(template),
      parameterNames: Object.keys(objectOf(template['Parameters'])),
      artifacts: [...this.#artifacts.values()],
      code: this.#code,
      paths: this.#paths,
      warnings: this.#warnings,
    }
  }

  async #template(path: string): Promise<TemplateObject> {
    if (this.#paths.includes(path)) throw new PackageError(`${shown(path)} contains itself`)
    this.#paths.push(path)
    const template = objectOf(await readTemplateFile(path))
    const folder = dirname(path)
    const globals = objectOf(template['Globals'])
    const resources: [string, TemplateValue][] = []
    for (const [logicalId, resource] of Object.entries(objectOf(template['Resources']))) {
      resources.push([logicalId, await this.#resource(logicalId, objectOf(resource), globals, folder)])
    }
    const withResources = { ...template, Resources: Object.fromEntries(resources) }
    return objectOf(await this.#includes(withResources, folder))
  }

  async #resource(
    logicalId: string,
    resource: TemplateObject,
    globals: TemplateObject,
    folder: string,
  ): Promise<TemplateValue> {
    const type = String(resource['Type'])
    const properties = objectOf(resource['Properties'])
    const code = CODE[type]
    if (code !== undefined) {
      const isFunction = type === 'AWS::Serverless::Function'
      const inherited =
        isFunction && properties['InlineCode'] === undefined ? objectOf(globals['Function'])['CodeUri'] : undefined
      const local = localPath(properties[code.property] ?? inherited, folder)
      if (local === undefined) return resource
      const packed = await this.#pack(
        local,
        objectOf(resource['Metadata']),
        isFunction || type === 'AWS::Lambda::Function',
      )
      const artifact = this.#artifact(packed.digest, () => packed.zip())
      this.#code.push({ logicalId, resourceType: type, path: local, artifact })
      return withProperty(resource, code.property, code.address(this.#bucket, artifact.key))
    }
    const nested = NESTED[type]
    const nestedPath = nested === undefined ? undefined : localPath(properties[nested], folder)
    if (nested === undefined || nestedPath === undefined) return resource
    const text = JSON.stringify(await this.#template(nestedPath))
    const artifact = this.#artifact(`${sha256(text)}.template`, () => Buffer.from(text))
    return withProperty(resource, nested, this.#objectUrl(artifact.key))
  }

  async #pack(path: string, metadata: TemplateObject, isFunction: boolean): Promise<PackedCode> {
    this.#paths.push(path)
    const method = metadata['BuildMethod']
    if (method === 'esbuild' && isFunction) return await bundle(path, objectOf(metadata['BuildProperties']))
    if (method !== undefined) {
      throw new PackageError(
        `BuildMethod ${JSON.stringify(method)} of ${shown(path)} needs "sam build"; then deploy .aws-sam/build/template.yaml`,
      )
    }
    await this.#warnOfMissingPackages(path)
    return await packCode(path)
  }

  async #warnOfMissingPackages(path: string): Promise<void> {
    const manifest = await readFile(join(path, 'package.json'), 'utf8').catch(() => undefined)
    if (manifest === undefined || (await exists(join(path, 'node_modules')))) return
    const { dependencies } = JSON.parse(manifest) as { dependencies?: object }
    const missing = Object.keys(dependencies ?? {}).filter((name) => !name.startsWith('@aws-sdk/'))
    if (missing.length > 0) {
      this.#warnings.push(`${shown(path)} needs ${missing.join(', ')}: run "npm install" there before it is deployed`)
    }
  }

  /** `Fn::Transform: {Name: AWS::Include, Parameters: {Location: file}}`, wherever it stands. */
  async #includes(value: TemplateValue, folder: string): Promise<TemplateValue> {
    if (Array.isArray(value)) {
      return await Promise.all((value as readonly TemplateValue[]).map((member) => this.#includes(member, folder)))
    }
    if (typeof value !== 'object' || value === null) return value
    const members: [string, TemplateValue][] = []
    for (const [name, member] of Object.entries(value)) {
      const include = name === 'Fn::Transform' ? objectOf(member) : {}
      const included = include['Name'] === 'AWS::Include' ? objectOf(include['Parameters'])['Location'] : undefined
      const path = localPath(included, folder)
      if (path === undefined) members.push([name, await this.#includes(member, folder)])
      else {
        this.#paths.push(path)
        const text = JSON.stringify(await readTemplateFile(path))
        const artifact = this.#artifact(`${sha256(text)}.template`, () => Buffer.from(text))
        members.push([name, { ...include, Parameters: { Location: uri(this.#bucket, artifact.key) } }])
      }
    }
    return Object.fromEntries(members)
  }

  #artifact(key: string, bytes: () => Uint8Array): Artifact {
    const artifact = { key, bytes }
    this.#artifacts.set(key, artifact)
    return artifact
  }
}

async function readTemplateFile(path: string): Promise<TemplateValue> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || !found.isFile()) throw new PackageError(`${shown(path)} is not a file`)
  try {
    return readTemplate(await readFile(path, 'utf8')).value
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new PackageError(`${shown(path)}: ${error.message}`, { cause: error })
  }
}

/** Undefined for what is no path of this machine: an address, an intrinsic function, nothing. */
function localPath(value: TemplateValue | undefined, folder: string): string | undefined {
  if (typeof value !== 'string' || /^(s3|https?):\/\//.test(value)) return undefined
  return resolve(folder, value)
}

function withProperty(resource: TemplateObject, name: string, value: TemplateValue): TemplateValue {
  return { ...resource, Properties: { ...objectOf(resource['Properties']), [name]: value } }
}

function objectOf(value: TemplateValue | undefined): TemplateObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as TemplateObject) : {}
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function shown(path: string): string {
  return relative('.', path) || '.'
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
