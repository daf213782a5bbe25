import {
  DeleteParameterCommand,
  DescribeInstanceInformationCommand,
  GetParameterCommand,
  paginateGetParametersByPath,
  ParameterNotFound,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../../src/testing/index.ts'

describe('Parameter Store with the AWS SDK', () => {
  let server: TestServer
  let ssm: SSMClient
  beforeAll(async () => {
    server = await startTestServer()
    ssm = new SSMClient(server.clientConfig())
  })
  afterAll(() => server.stop())

  it('a secret is put, read and deleted', async () => {
    const Name = '/shop/password'
    await ssm.send(new PutParameterCommand({ Name, Value: 'swörd\nfish', Type: 'SecureString' }))
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }))
    expect(Parameter).toMatchObject({
      Name,
      Value: 'swörd\nfish',
      Version: 1,
      ARN: `arn:aws:ssm:us-east-1:${server.accountId}:parameter/shop/password`,
    })
    expect(Parameter?.LastModifiedDate?.getFullYear()).toBeGreaterThan(2020)
    await ssm.send(new DeleteParameterCommand({ Name }))
    await expect(ssm.send(new GetParameterCommand({ Name }))).rejects.toBeInstanceOf(ParameterNotFound)
  })

  it('paths are read page by page', async () => {
    for (let n = 0; n < 12; n++) {
      await ssm.send(new PutParameterCommand({ Name: `/many/${n}`, Value: String(n), Type: 'String' }))
    }
    const names: (string | undefined)[] = []
    for await (const { Parameters = [] } of paginateGetParametersByPath({ client: ssm }, { Path: '/many' })) {
      names.push(...Parameters.map(({ Name }) => Name))
    }
    expect(new Set(names).size).toBe(12)
  })

  it('what manages machines answers 501', async () => {
    await expect(ssm.send(new DescribeInstanceInformationCommand({}))).rejects.toMatchObject({
      name: 'NotImplemented',
      $metadata: { httpStatusCode: 501 },
    })
  })
})
