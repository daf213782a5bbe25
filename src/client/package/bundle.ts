import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import type { TemplateObject, TemplateValue } from '../../template/template.ts'
import { type PackedCode, PackageError, packFiles } from './code-folder.ts'

/** As much of esbuild as is used here. It belongs to the project that is deployed, in the version that it chose. */
interface Esbuild {
  build(options: Record<string, unknown>): Promise<{
    readonly outputFiles: readonly { readonly path: string; readonly contents: Uint8Array }[]
  }>
}

/** Build properties of SAM's esbuild build method, and what esbuild calls them. https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build-typescript.html */
const OPTION_NAMES: Readonly<Record<string, string>> = {
  Alias: 'alias',
  Banner: 'banner',
  Charset: 'charset',
  Define: 'define',
  External: 'external',
  Footer: 'footer',
  Format: 'format',
  Inject: 'inject',
  KeepNames: 'keepNames',
  Loader: 'loader',
  MainFields: 'mainFields',
  Minify: 'minify',
  OutExtension: 'outExtension',
  Packages: 'packages',
  Sourcemap: 'sourcemap',
  SourcesContent: 'sourcesContent',
  Target: 'target',
  TreeShaking: 'treeShaking',
}
/** SAM writes these as lists of `key=value`. */
const PAIRS = new Set(['Alias', 'Banner', 'Define', 'Footer', 'Loader', 'OutExtension'])

/**
 * Bundles a function with the esbuild of its own project, as `Metadata.BuildMethod: esbuild` asks for. Throws {@link PackageError} when the
 * project has none, when a build property is unknown, and with esbuild's words when the code does not build.
 */
export async function bundle(codePath: string, properties: TemplateObject): Promise<PackedCode> {
  const { EntryPoints, ...rest } = properties
  const entryPoints = listOf(EntryPoints)
  if (entryPoints.length === 0) throw new PackageError('BuildProperties.EntryPoints has to name a file')
  const out = resolve(codePath, 'out')
  let built: Awaited<ReturnType<Esbuild['build']>>
  try {
    built = await load(codePath).build({
      ...optionsOf(rest),
      absWorkingDir: resolve(codePath),
      entryPoints,
      bundle: true,
      platform: 'node',
      outdir: out,
      outbase: resolve(codePath),
      write: false,
      logLevel: 'silent',
    })
  } catch (error) {
    if (error instanceof PackageError) throw error
    throw new PackageError(`it does not build: ${(error as Error).message}`, { cause: error })
  }
  return packFiles(
    built.outputFiles.map(({ path, contents }) => ({
      name: path.slice(out.length + 1).replaceAll('\\', '/'),
      bytes: Buffer.from(contents),
      isExecutable: false,
    })),
  )
}

function load(codePath: string): Esbuild {
  try {
    return createRequire(join(resolve(codePath), 'package.json'))('esbuild') as Esbuild
  } catch (error) {
    throw new PackageError('it is to be built with esbuild, which its project does not have', { cause: error })
  }
}

function optionsOf(properties: TemplateObject): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(properties)) {
    const option = OPTION_NAMES[name]
    if (option === undefined) throw new PackageError(`BuildProperties.${name} is unknown`)
    options[option] = PAIRS.has(name) ? pairsOf(value) : value
  }
  return options
}

function pairsOf(value: TemplateValue): Record<string, string> {
  return Object.fromEntries(
    listOf(value).map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

function listOf(value: TemplateValue | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []
}
