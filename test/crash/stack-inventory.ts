import {
  CloudFormationClient,
  paginateListStackResources,
  paginateListStacks,
  type StackSummary,
} from '@aws-sdk/client-cloudformation'
import { IAMClient, paginateListRoles } from '@aws-sdk/client-iam'
import { LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda'
import { ListBucketsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { paginateListTopics, SNSClient } from '@aws-sdk/client-sns'
import { paginateListQueues, SQSClient } from '@aws-sdk/client-sqs'
import { paginateDescribeParameters, SSMClient } from '@aws-sdk/client-ssm'
import type { Connection } from '../house/server-process.ts'

/** Resource type → names of what is there, as Ref gives them. */
type Stock = ReadonlyMap<string, ReadonlySet<string>>

/** What a server has, and what its stacks say that they have. */
export class Inventory {
  readonly #connection: Connection
  readonly #marks: string
  readonly #cloudformation: CloudFormationClient
  #baseline: Stock = new Map()

  constructor(connection: Connection, marks: string) {
    this.#connection = connection
    this.#marks = marks
    this.#cloudformation = new CloudFormationClient(connection)
  }

  /** What is there by now belongs to no stack. */
  async rememberBaseline(): Promise<void> {
    this.#baseline = await this.#stock()
  }

  /** Stack name → status, of the stacks that are no part of others and are not deleted. */
  async statuses(): Promise<Map<string, string>> {
    const roots = (await this.#stacks()).filter(({ ParentId }) => ParentId === undefined)
    return new Map(roots.map(({ StackName = '', StackStatus = '' }) => [StackName, StackStatus]))
  }

  /** What is there and in no stack, and what is in a stack and not there. */
  async differences(): Promise<string[]> {
    const claimed = await this.#claimed()
    const lines: string[] = []
    for (const [type, names] of await this.#stock()) {
      const theirs = claimed.get(type) ?? new Set()
      for (const name of names) {
        if (!theirs.has(name) && !this.#baseline.get(type)?.has(name)) lines.push(`leaked ${type} ${name}`)
      }
      for (const name of theirs) if (!names.has(name)) lines.push(`missing ${type} ${name}`)
    }
    return lines
  }

  async #claimed(): Promise<Stock> {
    const claimed = new Map<string, Set<string>>()
    const client = this.#cloudformation
    const stacks = await this.#stacks()
    claimed.set('AWS::CloudFormation::Stack', new Set())
    for (const { StackId } of stacks) {
      for await (const page of paginateListStackResources({ client }, { StackName: StackId })) {
        for (const resource of page.StackResourceSummaries ?? []) {
          const { ResourceType = '', PhysicalResourceId = '', ResourceStatus = '' } = resource
          if (PhysicalResourceId === '' || ResourceStatus === 'DELETE_COMPLETE') continue
          const names = claimed.get(ResourceType) ?? new Set()
          claimed.set(ResourceType, names.add(PhysicalResourceId))
        }
      }
    }
    return claimed
  }

  async #stacks(): Promise<StackSummary[]> {
    const stacks: StackSummary[] = []
    for await (const page of paginateListStacks({ client: this.#cloudformation }, {})) {
      stacks.push(...(page.StackSummaries ?? []).filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE'))
    }
    return stacks
  }

  async #stock(): Promise<Stock> {
    const connection = this.#connection
    const s3 = new S3Client(connection)
    const [sqs, sns, ssm] = [new SQSClient(connection), new SNSClient(connection), new SSMClient(connection)]
    const [iam, lambda] = [new IAMClient(connection), new LambdaClient(connection)]
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}))
    const nested = (await this.#stacks()).filter(({ ParentId }) => ParentId !== undefined)
    return new Map<string, ReadonlySet<string>>([
      ['AWS::S3::Bucket', namesOf(Buckets.map(({ Name }) => Name))],
      ['AWS::CloudFormation::Stack', namesOf(nested.map(({ StackId }) => StackId))],
      ['AWS::SQS::Queue', await all(paginateListQueues({ client: sqs }, {}), (page) => page.QueueUrls)],
      [
        'AWS::SNS::Topic',
        await all(paginateListTopics({ client: sns }, {}), (page) => page.Topics?.map(({ TopicArn }) => TopicArn)),
      ],
      [
        'AWS::IAM::Role',
        await all(paginateListRoles({ client: iam }, {}), (page) => page.Roles?.map(({ RoleName }) => RoleName)),
      ],
      [
        'AWS::Lambda::Function',
        await all(paginateListFunctions({ client: lambda }, {}), (page) =>
          page.Functions?.map(({ FunctionName }) => FunctionName),
        ),
      ],
      [
        'AWS::SSM::Parameter',
        await all(paginateDescribeParameters({ client: ssm }, {}), (page) => page.Parameters?.map(({ Name }) => Name)),
      ],
      [
        'Custom::Mark',
        await all(paginateListObjectsV2({ client: s3 }, { Bucket: this.#marks }), (page) =>
          page.Contents?.map(({ Key }) => Key),
        ),
      ],
    ])
  }
}

async function all<T>(
  pages: AsyncIterable<T>,
  of: (page: T) => readonly (string | undefined)[] | undefined,
): Promise<ReadonlySet<string>> {
  const names: (string | undefined)[] = []
  for await (const page of pages) names.push(...(of(page) ?? []))
  return namesOf(names)
}

const namesOf = (names: readonly (string | undefined)[]) =>
  new Set(names.filter((name): name is string => name !== undefined))
