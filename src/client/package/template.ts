import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { checkTemplate } from '../../template/check.ts'
import { type ReadTemplate, readTemplate, type TemplatePath } from '../../template/read.ts'
import { TemplateError, type TemplateObject, type TemplateValue } from '../../template/template.ts'
import { bundle } from './bundle.ts'
import { type PackedCode, PackageError, packCode, requireCode } from './code-folder.ts'

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

/** A template that is being packaged: what its paths are relative to, and where its members are written. */
interface TemplateFile extends ReadTemplate {
  readonly path: string
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
    let template: TemplateObject
    try {
      template = await this.#template(path)
    } catch (error) {
      if (error instanceof PackageError) error.paths = [...this.#paths]
      throw error
    }
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
    const file = await readWholeTemplate(path)
    const template = objectOf(file.value)
    const globals = objectOf(template['Globals'])
    const resources: [string, TemplateValue][] = []
    for (const [logicalId, resource] of Object.entries(objectOf(template['Resources']))) {
      resources.push([logicalId, await this.#resource(file, logicalId, objectOf(resource), globals)])
    }
    const withResources = { ...template, Resources: Object.fromEntries(resources) }
    return objectOf(await this.#includes(file, withResources, []))
  }

  async #resource(
    file: TemplateFile,
    logicalId: string,
    resource: TemplateObject,
    globals: TemplateObject,
  ): Promise<TemplateValue> {
    const type = String(resource['Type'])
    const properties = objectOf(resource['Properties'])
    const code = CODE[type]
    if (code !== undefined) {
      const isFunction = type === 'AWS::Serverless::Function'
      const inherited =
        isFunction && properties['InlineCode'] === undefined ? objectOf(globals['Function'])['CodeUri'] : undefined
      const given = properties[code.property]
      const local = localPath(given ?? inherited, file)
      if (local === undefined) return resource
      const place =
        given === undefined ? ['Globals', 'Function', 'CodeUri'] : ['Resources', logicalId, 'Properties', code.property]
      const mayBundle = isFunction || type === 'AWS::Lambda::Function'
      const packed = await naming(file, place, `${code.property} "${given ?? inherited}" of ${logicalId}`, () =>
        this.#pack(local, objectOf(resource['Metadata']), mayBundle),
      )
      const artifact = this.#artifact(packed.digest, () => packed.zip())
      this.#code.push({ logicalId, resourceType: type, path: local, artifact })
      return withProperty(resource, code.property, code.address(this.#bucket, artifact.key))
    }
    const nested = NESTED[type]
    const nestedPath = nested === undefined ? undefined : localPath(properties[nested], file)
    if (nested === undefined || nestedPath === undefined) return resource
    const what = `${nested} "${properties[nested]}" of ${logicalId}`
    await this.#requireFile(file, ['Resources', logicalId, 'Properties', nested], what, nestedPath)
    const text = JSON.stringify(await this.#template(nestedPath))
    const artifact = this.#artifact(`${sha256(text)}.template`, () => Buffer.from(text))
    return withProperty(resource, nested, this.#objectUrl(artifact.key))
  }

  async #pack(path: string, metadata: TemplateObject, isFunction: boolean): Promise<PackedCode> {
    this.#paths.push(path)
    await requireCode(path)
    const method = metadata['BuildMethod']
    if (method === 'esbuild' && isFunction) return await bundle(path, objectOf(metadata['BuildProperties']))
    if (method !== undefined) {
      throw new PackageError(
        `BuildMethod ${JSON.stringify(method)} needs "sam build"; then deploy .aws-sam/build/template.yaml`,
      )
    }
    await this.#warnOfMissingPackages(path)
    return await packCode(path)
  }

  async #warnOfMissingPackages(path: string): Promise<void> {
    const manifest = await readFile(join(path, 'package.json'), 'utf8').catch(() => undefined)
    if (manifest === undefined || (await exists(join(path, 'node_modules')))) return
    const missing = dependenciesOf(manifest)?.filter((name) => !name.startsWith('@aws-sdk/'))
    if (missing === undefined) this.#warnings.push(`${shown(join(path, 'package.json'))} is no JSON object`)
    else if (missing.length > 0) {
      this.#warnings.push(`${shown(path)} needs ${missing.join(', ')}: run "npm install" there before it is deployed`)
    }
  }

  /** `Fn::Transform: {Name: AWS::Include, Parameters: {Location: file}}`, wherever it stands. */
  async #includes(file: TemplateFile, value: TemplateValue, at: TemplatePath): Promise<TemplateValue> {
    if (Array.isArray(value)) {
      return await Promise.all(
        (value as readonly TemplateValue[]).map((member, index) => this.#includes(file, member, [...at, index])),
      )
    }
    if (typeof value !== 'object' || value === null) return value
    const members: [string, TemplateValue][] = []
    for (const [name, member] of Object.entries(value)) {
      const include = name === 'Fn::Transform' ? objectOf(member) : {}
      const included = include['Name'] === 'AWS::Include' ? objectOf(include['Parameters'])['Location'] : undefined
      const path = localPath(included, file)
      if (path === undefined) members.push([name, await this.#includes(file, member, [...at, name])])
      else {
        const place = [...at, name, 'Parameters', 'Location']
        await this.#requireFile(file, place, `the Location "${included}" of an AWS::Include`, path)
        this.#paths.push(path)
        const text = JSON.stringify((await readTemplateFile(path)).value)
        const artifact = this.#artifact(`${sha256(text)}.template`, () => Buffer.from(text))
        members.push([name, { ...include, Parameters: { Location: uri(this.#bucket, artifact.key) } }])
      }
    }
    return Object.fromEntries(members)
  }

  /** A missing file may be made later, so it is one of the paths as well. */
  async #requireFile(file: TemplateFile, place: TemplatePath, what: string, path: string): Promise<void> {
    await naming(file, place, what, async () => {
      if ((await requireCode(path)).isFile()) return
      throw new PackageError('it is a folder')
    }).catch((error: unknown) => {
      this.#paths.push(path)
      throw error
    })
  }

  #artifact(key: string, bytes: () => Uint8Array): Artifact {
    const artifact = { key, bytes }
    this.#artifacts.set(key, artifact)
    return artifact
  }
}

/** A template that can be deployed as it is, except for what its transforms make of it. */
async function readWholeTemplate(path: string): Promise<TemplateFile> {
  const file = await readTemplateFile(path)
  try {
    checkTemplate(file.value, file.positionOf)
  } catch (error) {
    throw templateProblem(path, error)
  }
  return file
}

async function readTemplateFile(path: string): Promise<TemplateFile> {
  try {
    if (!(await requireCode(path)).isFile()) throw new PackageError('it is a folder')
    return { ...readTemplate(await readFile(path, 'utf8')), path }
  } catch (error) {
    throw templateProblem(path, error)
  }
}

function templateProblem(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  const isTold = error instanceof TemplateError || error instanceof PackageError || code !== undefined
  return isTold ? new PackageError(`${shown(path)}: ${message}`, { cause: error }) : error
}

/** Says which file, line and property a problem is about. */
async function naming<T>(file: TemplateFile, place: TemplatePath, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof PackageError)) throw error
    const position = file.positionOf(place)
    const line = position === undefined ? '' : ` (line ${position.line})`
    const absence = error.message.startsWith('there is no such')
      ? `, seen from the folder of ${basename(file.path)}`
      : ''
    throw new PackageError(`${shown(file.path)}${line}: ${what}: ${error.message}${absence}`, { cause: error })
  }
}

/** Undefined for what is no path of this machine: an address, an intrinsic function, nothing. */
function localPath(value: TemplateValue | undefined, { path }: TemplateFile): string | undefined {
  if (typeof value !== 'string' || /^(s3|https?):\/\//.test(value)) return undefined
  return resolve(dirname(path), value)
}

/** Undefined: the text is no manifest. */
function dependenciesOf(manifest: string): string[] | undefined {
  try {
    const { dependencies } = JSON.parse(manifest) as { dependencies?: unknown }
    return typeof dependencies === 'object' && dependencies !== null ? Object.keys(dependencies) : []
  } catch {
    // Whoever runs the code hears of it from Node; a deployment goes on.
    return undefined
  }
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
  const near = relative('.', path) || '.'
  return near.length < path.length ? near : path
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
