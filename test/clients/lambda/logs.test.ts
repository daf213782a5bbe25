import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { DescribeLogStreamsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { CreateFunctionUrlConfigCommand } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Account } from './account.ts'

const SAY = 'export const handler = async () => { console.log("x") }'

describe('the log of a function', () => {
  let account: Account
  beforeAll(async () => {
    account = await Account.open()
  })
  afterAll(() => account?.[Symbol.asyncDispose]())

  const streams = async (logGroupName: string) => {
    const { logStreams = [] } = await account.logs.send(new DescribeLogStreamsCommand({ logGroupName }))
    return logStreams.map(({ logStreamName = '' }) => logStreamName)
  }
  const kinds = async (name: string) =>
    (await account.lines(name)).map((line) => /^(INIT_START|START|END|REPORT) /.exec(line)?.[1] ?? 'user')

  it('T133 T134 is one stream of the lines of Lambda, Init Duration in the first report only', async () => {
    await account.deploy('f133', SAY)
    const { requestId } = await account.invoke('f133')
    await account.invoke('f133')
    const run = ['START', 'user', 'END', 'REPORT']
    await expect.poll(() => kinds('f133'), { timeout: 20_000 }).toEqual(['INIT_START', ...run, ...run])
    expect(await streams('/aws/lambda/f133')).toEqual([
      expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
    ])
    const lines = await account.lines('f133')
    const reports = lines.filter((line) => line.startsWith('REPORT'))
    expect(reports.map((line) => line.includes('Init Duration: '))).toEqual([true, false])
    const [, time, id, rest] = /^(\S+)\t(\S+)\t(.*)$/s.exec(lines[2] as string) ?? []
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect([id, rest]).toEqual([requestId, 'INFO\tx'])
  })

  it('T135 can be JSON', async () => {
    await account.deploy('f135', SAY, { LoggingConfig: { LogFormat: 'JSON' } })
    const { requestId } = await account.invoke('f135')
    const records = async () => (await account.lines('f135')).map((line) => JSON.parse(line))
    const types = async () => (await records()).map(({ type }) => type ?? 'user')
    await expect.poll(types, { timeout: 20_000 }).toContain('platform.report')
    expect(await types()).toEqual(expect.arrayContaining(['platform.start', 'user', 'platform.report']))
    expect((await records()).find(({ type }) => type === undefined)).toEqual({
      timestamp: expect.stringMatching(/Z$/),
      level: 'INFO',
      requestId,
      message: 'x',
    })
    expect(await types()).not.toContain('platform.end')
  })

  it('T136 is nowhere but in the tail when the role may not write it', async () => {
    const Role = await account.role('r136', { Effect: 'Allow', Action: 's3:*', Resource: '*' })
    await account.deploy('f136', SAY, { Role })
    const { status, error, tail } = await account.invoke('f136', {}, { LogType: 'Tail' })
    expect([status, error]).toEqual([200, undefined])
    expect(tail).toContain('\tINFO\tx')
    await account.deploy('f136b', SAY)
    await account.invoke('f136b')
    await expect.poll(() => kinds('f136b'), { timeout: 20_000 }).toContain('REPORT')
    await expect(streams('/aws/lambda/f136')).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  })

  it('T137 can be in a group of one’s own, whose streams name the function', async () => {
    await account.deploy('f137', SAY, { LoggingConfig: { LogGroup: 'g' } })
    await account.invoke('f137')
    await expect.poll(() => account.lines('f137', 'g'), { timeout: 20_000 }).not.toEqual([])
    expect(await streams('g')).toEqual([expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/f137\[\$LATEST\][0-9a-f]{32}$/)])
  })

  it('T142 a function URL without a permission is forbidden', async () => {
    await account.deploy('f142', SAY)
    const { FunctionUrl } = await account.lambda.send(
      new CreateFunctionUrlConfigCommand({ FunctionName: 'f142', AuthType: 'NONE' }),
    )
    // Not every resolver knows the names below localhost.
    const { host, port } = new URL(`${FunctionUrl}`)
    const sent = request({ host: '127.0.0.1', port, headers: { host } }).end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(403)
    expect(await json(answer)).toEqual({
      Message: expect.stringMatching(/^Forbidden\. For troubleshooting Function URL authorization issues, /),
    })
  })
})
