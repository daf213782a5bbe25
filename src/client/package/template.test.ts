import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packageTemplate } from './template.ts'

describe('packaging a template', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-template-'))
    await mkdir(join(folder, 'code'))
    await writeFile(join(folder, 'code/index.js'), 'exports.handler = async () => 1')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const write = (text: string, name = 'template.yaml') => writeFile(join(folder, name), text)
  const packaged = () =>
    packageTemplate(join(folder, 'template.yaml'), 'artifacts', (key) => `http://127.0.0.1:4566/artifacts/${key}`)
  const resources = async () =>
    (JSON.parse((await packaged()).text) as { Resources: Record<string, { Properties: Record<string, unknown> }> })
      .Resources

  it('gives each resource its code where that resource expects it', async () => {
    await write(`
      Resources:
        Sam: { Type: 'AWS::Serverless::Function', Properties: { CodeUri: code/, Handler: index.handler } }
        Plain: { Type: 'AWS::Lambda::Function', Properties: { Code: ./code } }
        Layer: { Type: 'AWS::Lambda::LayerVersion', Properties: { Content: code } }
        SamLayer: { Type: 'AWS::Serverless::LayerVersion', Properties: { ContentUri: code } }
    `)
    const { artifacts, code } = await packaged()
    expect(artifacts).toHaveLength(1)
    const key = artifacts[0]?.key
    expect(await resources()).toMatchObject({
      Sam: { Properties: { CodeUri: `s3://artifacts/${key}`, Handler: 'index.handler' } },
      Plain: { Properties: { Code: { S3Bucket: 'artifacts', S3Key: key } } },
      Layer: { Properties: { Content: { S3Bucket: 'artifacts', S3Key: key } } },
      SamLayer: { Properties: { ContentUri: `s3://artifacts/${key}` } },
    })
    expect(code.map(({ logicalId }) => logicalId)).toEqual(['Sam', 'Plain', 'Layer', 'SamLayer'])
    expect(Object.keys(unzipSync(artifacts[0]?.bytes() as Uint8Array))).toEqual(['index.js'])
  })

  it('leaves alone what is no path of this machine', async () => {
    await write(`
      Parameters: { Code: { Type: String } }
      Resources:
        Uploaded: { Type: 'AWS::Serverless::Function', Properties: { CodeUri: 's3://somewhere/code.zip' } }
        Inline: { Type: 'AWS::Lambda::Function', Properties: { Code: { ZipFile: 'exports.handler = 1' } } }
        Chosen: { Type: 'AWS::Serverless::Function', Properties: { CodeUri: !Ref Code } }
        Bucket: { Type: 'AWS::S3::Bucket' }
    `)
    expect((await packaged()).artifacts).toEqual([])
    expect((await resources())['Chosen']?.Properties).toEqual({ CodeUri: { Ref: 'Code' } })
  })

  it('packs the code that functions inherit from Globals, but not for one that brings its own', async () => {
    await write(`
      Transform: AWS::Serverless-2016-10-31
      Globals: { Function: { CodeUri: code } }
      Resources:
        Inherits: { Type: 'AWS::Serverless::Function', Properties: { Handler: index.handler } }
        Inline: { Type: 'AWS::Serverless::Function', Properties: { InlineCode: 'exports.handler = 1' } }
    `)
    const { Inherits, Inline } = await resources()
    expect(Inherits?.Properties['CodeUri']).toMatch(/^s3:\/\/artifacts\/[0-9a-f]{64}$/)
    expect(Inline?.Properties).not.toHaveProperty('CodeUri')
  })

  it('packages nested templates, with paths relative to each', async () => {
    await mkdir(join(folder, 'nested'))
    await write(
      'Resources: { Child: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: nested/child.yaml } } }',
    )
    await write(
      "Resources: { F: { Type: 'AWS::Serverless::Function', Properties: { CodeUri: ../code } } }",
      'nested/child.yaml',
    )
    const { artifacts } = await packaged()
    const template = artifacts.find(({ key }) => key.endsWith('.template'))
    expect((await resources())['Child']?.Properties['TemplateURL']).toBe(
      `http://127.0.0.1:4566/artifacts/${template?.key}`,
    )
    expect(Buffer.from(template?.bytes() as Uint8Array).toString()).toMatch(/s3:\/\/artifacts\/[0-9a-f]{64}/)
  })

  it('uploads what a template includes', async () => {
    await write(`
      Resources:
        Fn::Transform: { Name: 'AWS::Include', Parameters: { Location: more.yaml } }
    `)
    await write('Bucket: { Type: AWS::S3::Bucket }', 'more.yaml')
    const { text, artifacts } = await packaged()
    expect(JSON.parse(text)).toMatchObject({
      Resources: { 'Fn::Transform': { Parameters: { Location: `s3://artifacts/${artifacts[0]?.key}` } } },
    })
  })

  it('bundles with the esbuild of the project, and says when it has none', async () => {
    await write(`
      Resources:
        F:
          Type: AWS::Serverless::Function
          Properties: { CodeUri: code }
          Metadata: { BuildMethod: esbuild, BuildProperties: { Minify: true, EntryPoints: [index.js] } }
    `)
    await expect(packaged()).rejects.toThrow('is to be built with esbuild, which its project does not have')
    const esbuild = join(folder, 'code/node_modules/esbuild')
    await mkdir(esbuild, { recursive: true })
    // Answers as esbuild does, with what it was asked for.
    await writeFile(
      join(esbuild, 'index.js'),
      `exports.build = async (options) => ({ outputFiles: [
        { path: options.outdir + '/index.js', contents: Buffer.from(JSON.stringify([options.minify, options.entryPoints])) }] })`,
    )
    const [artifact] = (await packaged()).artifacts
    expect(Buffer.from(unzipSync(artifact?.bytes() as Uint8Array)['index.js'] as Uint8Array).toString()).toBe(
      '[true,["index.js"]]',
    )
  })

  it('refuses what only another tool builds, instead of packing its sources', async () => {
    await write(`
      Resources:
        F:
          Type: AWS::Serverless::Function
          Properties: { CodeUri: code }
          Metadata: { BuildMethod: makefile }
    `)
    await expect(packaged()).rejects.toThrow(/BuildMethod "makefile" needs "sam build"/)
  })

  it('warns of packages that are not installed, except those of the runtime', async () => {
    await write("Resources: { F: { Type: 'AWS::Serverless::Function', Properties: { CodeUri: code } } }")
    const dependencies = { sharp: '1', '@aws-sdk/client-s3': '3' }
    await writeFile(join(folder, 'code/package.json'), JSON.stringify({ dependencies }))
    expect((await packaged()).warnings).toEqual([expect.stringContaining('needs sharp: run "npm install"')])
  })

  it('names the line of what is wrong in a template, nested ones too', async () => {
    const wrong = 'Resources:\n  F:\n    Type: AWS::S3::Bucket\n    DependsOn: Gone\n'
    await write(wrong)
    await expect(packaged()).rejects.toThrow(/template\.yaml: .*\[Gone\].* \(line 4, column \d+\)$/)
    await write('Resources: { Child: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: child.yaml } } }')
    await write(wrong, 'child.yaml')
    await expect(packaged()).rejects.toThrow(/child\.yaml: .*\[Gone\].* \(line 4, column \d+\)$/)
  })

  it.each([
    ['Code', "Type: 'AWS::Lambda::Function', Properties: { Code: gone }", 'Code "gone" of R: there is no such file'],
    [
      'a folder without files',
      "Type: 'AWS::Lambda::Function', Properties: { Code: empty }",
      'Code "empty" of R: it has no files to pack',
    ],
    ['ContentUri', "Type: 'AWS::Serverless::LayerVersion', Properties: { ContentUri: gone }", 'ContentUri "gone" of R'],
    ['TemplateURL', "Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: gone }", 'TemplateURL "gone" of R'],
    [
      'Location',
      "Type: 'AWS::Serverless::Application', Properties: { Location: empty }",
      'Location "empty" of R: it is a folder',
    ],
    [
      'an include',
      "Type: 'AWS::S3::Bucket', Properties: { 'Fn::Transform': { Name: 'AWS::Include', Parameters: { Location: gone } } }",
      'the Location "gone" of an AWS::Include',
    ],
  ])('says which resource names what cannot be had: %s', async (_, resource, message) => {
    await mkdir(join(folder, 'empty'))
    await write(`Resources:\n  R: { ${resource} }\n`)
    await expect(packaged()).rejects.toThrow(`template.yaml (line 2): ${message}`)
  })

  it('says what a template that failed was made of so far, so that it can be watched', async () => {
    await write("Resources: { F: { Type: 'AWS::Serverless::Function', Properties: { CodeUri: gone } } }")
    const error = await packaged().catch((problem: unknown) => problem)
    expect(error).toMatchObject({ paths: [join(folder, 'template.yaml'), join(folder, 'gone')] })
  })

  it('warns of a manifest that is not JSON, and packs it', async () => {
    await write("Resources: { F: { Type: 'AWS::Serverless::Function', Properties: { CodeUri: code } } }")
    await writeFile(join(folder, 'code/package.json'), '{')
    expect((await packaged()).warnings).toEqual([expect.stringMatching(/package\.json is no JSON object/)])
  })

  it('names the file that cannot be read', async () => {
    await write('Resources: { F: { Type: !Ref [ }')
    await expect(packaged()).rejects.toThrow(/template\.yaml: Template format error/)
    await write("Resources: { F: { Type: 'AWS::Serverless::Function', Properties: { CodeUri: gone } } }")
    await expect(packaged()).rejects.toThrow(
      /template\.yaml \(line 1\): CodeUri "gone" of F: there is no such file or folder/,
    )
  })
})
