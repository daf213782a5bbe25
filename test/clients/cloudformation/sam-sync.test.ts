/** The calls of `sam sync`, `sam sync --code`, `sam logs`, `sam remote invoke` and `sam delete`, in their order. */
import {
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListChangeSetsCommand,
  ListStackResourcesCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import {
  DeleteLayerVersionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetLayerVersionCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  ListLayerVersionsCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdated,
} from '@aws-sdk/client-lambda'
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { functionZip } from '../../house/function-zip.ts'
import { useAccount } from './account.ts'

const account = useAccount()
const BUCKET = 'sam-sync-artifacts'
const StackName = 'synced'
const WAIT = { maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.05 }

/** What a layer says is in a file that the function reads. */
const layer = (word: string) => functionZip({ 'nodejs/node_modules/word/index.js': `module.exports = '${word}'` })
const code = (verb: string) =>
  functionZip({
    'index.js': `exports.handler = async (name) => { const text = ['${verb}', require('word'), name].join(' '); console.log(text); return text }`,
  })

/** `sam sync` puts the dependencies of functions into layers of a nested stack of its own. */
const NESTED = `
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Resources:
  HelloDepLayer:
    Type: AWS::Serverless::LayerVersion
    Properties:
      LayerName: synced-Hello-DepLayer
      ContentUri: s3://${BUCKET}/layer
      CompatibleRuntimes: [nodejs22.x]
      RetentionPolicy: Delete
Outputs:
  HelloDepLayer: { Value: !Ref HelloDepLayer }
`
const template = (endpoint: string, timeout: number) => `
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://${BUCKET}/code
      Handler: index.handler
      Runtime: nodejs22.x
      Timeout: ${timeout}
      AutoPublishAlias: live
      Layers: [!GetAtt AwsSamAutoDependencyLayerNestedStack.Outputs.HelloDepLayer]
  AwsSamAutoDependencyLayerNestedStack:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Delete
    Properties: { TemplateURL: '${endpoint}/${BUCKET}/nested.template' }
`

const upload = (Key: string, Body: string | Uint8Array) =>
  account.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }))
const stack = async (name = StackName) =>
  (await account.cloudformation.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0]
const physicalId = async (logicalId: string) => {
  const { StackResourceSummaries = [] } = await account.cloudformation.send(
    new ListStackResourcesCommand({ StackName }),
  )
  return StackResourceSummaries.find(({ LogicalResourceId }) => LogicalResourceId === logicalId)?.PhysicalResourceId
}
const invoke = async (Qualifier?: string) => {
  const { Payload, LogResult, FunctionError } = await account.lambda.send(
    new InvokeCommand({ FunctionName: await physicalId('Hello'), Qualifier, Payload: '"you"', LogType: 'Tail' }),
  )
  expect(FunctionError).toBeUndefined()
  return { answer: Payload?.transformToString(), log: Buffer.from(LogResult ?? '', 'base64').toString() }
}

describe('sam sync', () => {
  it('creates and updates without change sets, and makes layers in a nested stack', async () => {
    await account.s3.send(new CreateBucketCommand({ Bucket: BUCKET }))
    await upload('code', code('hello'))
    await upload('layer', layer('dear'))
    await upload('nested.template', NESTED)
    await upload('a.template', template(account.server.endpoint, 5))
    await expect(
      account.cloudformation.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' })),
    ).rejects.toMatchObject({ name: 'ValidationError', message: `Stack with id ${StackName} does not exist` })
    const shape = (key: string) => ({
      StackName,
      TemplateURL: `${account.server.endpoint}/${BUCKET}/${key}`,
      Capabilities: ['CAPABILITY_NAMED_IAM' as const, 'CAPABILITY_AUTO_EXPAND' as const],
    })
    await account.cloudformation.send(new CreateStackCommand({ ...shape('a.template'), OnFailure: 'ROLLBACK' }))
    const { StackEvents = [] } = await account.cloudformation.send(new DescribeStackEventsCommand({ StackName }))
    expect(StackEvents[0]).toMatchObject({ LogicalResourceId: StackName, ResourceStatus: 'CREATE_COMPLETE' })
    expect((await stack())?.StackStatus).toBe('CREATE_COMPLETE')
    expect((await invoke('live')).answer).toBe('"hello dear you"')

    await upload('b.template', template(account.server.endpoint, 6))
    await account.cloudformation.send(new UpdateStackCommand(shape('b.template')))
    expect((await stack())?.StackStatus).toBe('UPDATE_COMPLETE')
    const { Configuration } = await account.lambda.send(
      new GetFunctionCommand({ FunctionName: await physicalId('Hello') }),
    )
    expect(Configuration?.Timeout).toBe(6)
  }, 40_000)

  it('--code puts code and layers beside the stack', async () => {
    const FunctionName = await physicalId('Hello')
    await account.lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: code('bye') }))
    await waitUntilFunctionUpdated({ client: account.lambda, ...WAIT }, { FunctionName })
    const { Version } = await account.lambda.send(new PublishVersionCommand({ FunctionName }))
    await account.lambda.send(new UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: Version }))
    expect((await account.lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }))).FunctionVersion).toBe(
      Version,
    )
    expect((await invoke('live')).answer).toBe('"bye dear you"')

    const LayerName = 'synced-Hello-DepLayer'
    const { LayerVersions = [] } = await account.lambda.send(new ListLayerVersionsCommand({ LayerName }))
    const old = LayerVersions[0]?.Version
    const described = await account.lambda.send(new GetLayerVersionCommand({ LayerName, VersionNumber: old }))
    expect(described.CompatibleRuntimes).toEqual(['nodejs22.x'])
    const made = await account.lambda.send(
      new PublishLayerVersionCommand({
        LayerName,
        Content: { ZipFile: layer('old') },
        CompatibleRuntimes: described.CompatibleRuntimes,
      }),
    )
    const Layers = [made.LayerVersionArn ?? '']
    await account.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Layers }))
    await waitUntilFunctionUpdated({ client: account.lambda, ...WAIT }, { FunctionName })
    await account.lambda.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber: old }))
    expect((await invoke()).answer).toBe('"bye old you"')
  }, 40_000)
})

it('sam remote invoke finds the function of the stack and invokes it both ways', async () => {
  const { StackResources = [] } = await account.cloudformation.send(
    new DescribeStackResourcesCommand({ StackName, LogicalResourceId: 'Hello' }),
  )
  const FunctionName = StackResources[0]?.PhysicalResourceId
  expect(StackResources).toMatchObject([{ ResourceType: 'AWS::Lambda::Function', ResourceStatus: 'UPDATE_COMPLETE' }])
  expect((await invoke()).log).toMatch(/bye old you[^]*REPORT RequestId: /)
  const { EventStream } = await account.lambda.send(
    new InvokeWithResponseStreamCommand({ FunctionName, Payload: Buffer.from('"all"') }),
  )
  const chunks: Buffer[] = []
  for await (const event of EventStream ?? []) chunks.push(Buffer.from(event.PayloadChunk?.Payload ?? []))
  expect(Buffer.concat(chunks).toString()).toBe('"bye old all"')
})

it('sam logs looks for a stream and reads what was said', async () => {
  const logs = new CloudWatchLogsClient(account.server.clientConfig())
  const logGroupName = `/aws/lambda/${await physicalId('Hello')}`
  const { logStreams } = await logs.send(new DescribeLogStreamsCommand({ logGroupName, limit: 1 }))
  expect(logStreams).toHaveLength(1)
  const said = async () => {
    const { events = [] } = await logs.send(
      new FilterLogEventsCommand({ logGroupName, interleaved: true, filterPattern: 'bye', startTime: 0 }),
    )
    return events.map(({ message }) => message).join('')
  }
  await expect.poll(said, { timeout: 10_000 }).toContain('bye old all')
})

it('sam delete reads what it deletes, and deletes it and its artifacts', async () => {
  const { StackId, EnableTerminationProtection } = (await stack()) ?? {}
  expect(EnableTerminationProtection).toBe(false)
  for (const TemplateStage of ['Original', 'Processed'] as const) {
    const { TemplateBody } = await account.cloudformation.send(new GetTemplateCommand({ StackName, TemplateStage }))
    expect(TemplateBody).toContain('AwsSamAutoDependencyLayerNestedStack')
  }
  expect((await account.cloudformation.send(new ListChangeSetsCommand({ StackName }))).Summaries).toEqual([])
  const nestedId = await physicalId('AwsSamAutoDependencyLayerNestedStack')
  await account.cloudformation.send(new DeleteStackCommand({ StackName }))
  expect((await stack(StackId))?.StackStatus).toBe('DELETE_COMPLETE')
  expect((await stack(nestedId))?.StackStatus).toBe('DELETE_COMPLETE')
  for (const Key of ['code', 'layer', 'a.template', 'b.template', 'nested.template']) {
    await account.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }))
  }
})
