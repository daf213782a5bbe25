import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  CreateFunctionCommand,
  LambdaClient,
  PutFunctionEventInvokeConfigCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functionZip } from './house/function-zip.ts'
import { freePort, type ServerProcess, startServerProcess } from './house/server-process.ts'

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function millrace(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

/** Asks again until the answer is the wanted one; what is asked about happens in another process. */
async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  const deadlineMs = Date.now() + 15_000
  for (;;) {
    const answer = await ask()
    if (isWanted(answer) || Date.now() > deadlineMs) return answer
    await delay(50)
  }
}

describe('the command line', () => {
  let dataPath = ''
  let port = 0
  let server: ServerProcess
  beforeAll(async () => {
    dataPath = join(await mkdtemp(join(tmpdir(), 'millrace-cli-')), 'data')
    port = await freePort()
    server = await startServerProcess(dataPath, port, ['--isolation', 'process'])
  })
  afterAll(async () => {
    await server.stop()
    await rm(join(dataPath, '..'), { recursive: true })
  })

  it('start says where, who and how, and keeps the secret to itself', () => {
    expect(server.stderr()).toContain(`http://127.0.0.1:${port}`)
    expect(server.stderr()).toMatch(/AKIA\w{16} \/ \*{4}/)
    expect(server.stderr()).toMatch(/Isolation +process/)
  })

  it('env finds the server of a directory without being told its port', async () => {
    const json = await millrace('env', '--json', '--data', dataPath)
    expect(JSON.parse(json.out)).toMatchObject({
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^AKIA/),
    })
    const shell = await millrace('env', '--data', dataPath)
    expect(shell.out).toContain(`export AWS_ENDPOINT_URL='http://127.0.0.1:${port}'`)
  })

  it('status is JSON for scripts', async () => {
    const { out, code } = await millrace('status', '--json', '--data', dataPath)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      accountId: '123456789012',
      isolation: { kind: 'process' },
      queues: { invocations: 0 },
    })
  })

  it.each([
    ['2 for a flag that does not exist', ['start', '--prot', '1'], 2, /unknown option/],
    ['2 for settings that contradict each other', ['start', '--ephemeral', '--data', 'x'], 2, /choose one of the two/],
    ['2 for a subject that is none', ['events', 'why', 'bucket/key'], 2, /s3:\/\/bucket\/key/],
    ['2 for a log of a run that nobody waits for', ['invoke', 'f', '--event', '--log'], 2, /does not wait/],
    ['3 where no server has run', ['status', '--data', '/nonexistent/millrace'], 3, /millrace start/],
  ])('exits with %s', async (_, args, code, text) => {
    const ended = await millrace(...args)
    expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' })
    expect(ended.err).toMatch(text)
  })

  it('exits with 3 for the log of a function that never ran', async () => {
    const { code, err } = await millrace('logs', 'nobody', '--data', dataPath)
    expect({ code, err }).toEqual({
      code: 3,
      err: expect.stringMatching(/ResourceNotFoundException[^]*no log of "nobody"/),
    })
  })

  it('names the code of an error without the namespace of its service', async () => {
    const { code, err } = await millrace('dlq', 'redrive', 'nobody', '--data', dataPath)
    expect({ code, err }).toEqual({
      code: 3,
      err: expect.stringMatching(/error QueueDoesNotExist: The specified queue/),
    })
  })

  it('exits with 3 for an event nobody knows', async () => {
    const { code, err } = await millrace('events', 'why', 's3://b/k', '--data', dataPath)
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('its bucket has no notification') })
    const other = await millrace('events', 'why', randomUUID(), '--data', dataPath)
    expect(other).toMatchObject({ code: 3, err: expect.stringContaining('a function URL') })
  })

  describe('with a function that fails on demand', () => {
    const role = 'arn:aws:iam::123456789012:role/cli'
    const code = `export const handler = async (event) => {
      console.log('got', JSON.stringify(event))
      if (event.fail) throw new TypeError('told to fail')
      return { got: event }
    }`
    const cli = (...args: string[]) => millrace(...args, '--data', dataPath)
    const letters = async () => {
      const sqs = new SQSClient(await server.connection())
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'letters' }))
      const asked = { QueueUrl, AttributeNames: ['ApproximateNumberOfMessages' as const] }
      return (await sqs.send(new GetQueueAttributesCommand(asked))).Attributes?.ApproximateNumberOfMessages
    }

    beforeAll(async () => {
      const connection = await server.connection()
      const iam = new IAMClient(connection)
      const trust = [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }]
      const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: trust })
      await iam.send(new CreateRoleCommand({ RoleName: 'cli', AssumeRolePolicyDocument }))
      const rights = [{ Effect: 'Allow', Action: ['logs:*', 'sqs:SendMessage'], Resource: '*' }]
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: rights })
      await iam.send(new PutRolePolicyCommand({ RoleName: 'cli', PolicyName: 'rights', PolicyDocument }))
      await new SQSClient(connection).send(new CreateQueueCommand({ QueueName: 'letters' }))
      const lambda = new LambdaClient(connection)
      for (const FunctionName of ['echo', 'other']) {
        await lambda.send(
          new CreateFunctionCommand({
            FunctionName,
            Runtime: 'nodejs22.x',
            Handler: 'index.handler',
            Role: role,
            Code: { ZipFile: functionZip({ 'index.mjs': code }) },
            ...(FunctionName === 'echo' && {
              DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:123456789012:letters' },
            }),
          }),
        )
        await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20 }, { FunctionName })
      }
      await lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'echo', MaximumRetryAttempts: 0 }))
    })

    it('invoke prints what the function returns, and its log beside', async () => {
      const ended = await cli('invoke', 'echo', '--payload', '{"a":1}', '--log')
      expect(ended).toMatchObject({
        code: 0,
        out: '{"got":{"a":1}}\n',
        err: expect.stringContaining('REPORT RequestId'),
      })
      expect(await cli('invoke', 'echo:$LATEST')).toMatchObject({ code: 0, out: '{"got":{}}\n', err: '' })
    })

    it('invoke exits with 1 for a function that failed, 3 for one that is not there, 2 for no JSON', async () => {
      const failed = await cli('invoke', 'echo', '--payload', '{"fail":true}')
      expect(JSON.parse(failed.out)).toMatchObject({ errorType: 'TypeError', errorMessage: 'told to fail' })
      expect(failed.code).toBe(1)
      expect((await cli('invoke', 'nobody')).code).toBe(3)
      expect((await cli('invoke', 'echo', '--payload', 'a: 1')).code).toBe(2)
    })

    it('an event is queued, told, replayed to another function, and brought back from its dead letters', async () => {
      const queued = await cli('invoke', 'echo', '--event', '--payload', '{"fail":true}')
      const id = queued.out.trim()
      const told = await until(
        () => cli('events', 'why', id),
        ({ out }) => out.includes('dead-letter'),
      )
      expect(told.out).toMatch(/attempt +told to fail .*error TypeError/)
      expect(await letters()).toBe('1')

      const replayed = await cli('events', 'replay', id, '--to', 'other', '--json')
      expect(JSON.parse(replayed.out)).toMatchObject({ function: 'other', replayedFrom: id })
      const { requestId } = JSON.parse(replayed.out) as { requestId: string }
      const retold = await until(
        () => cli('events', 'why', requestId),
        ({ out }) => out.includes('told to fail'),
      )
      expect(retold.out).toContain(`from ${id}`)

      const redriven = await cli('dlq', 'redrive', 'letters', '--to', 'other', '--json')
      expect(redriven).toMatchObject({ code: 0, err: expect.stringContaining('1 moved, 0 left') })
      expect(JSON.parse(redriven.out)).toMatchObject({ function: 'other', requestId: expect.any(String) })
      expect(await letters()).toBe('0')
    })

    it('a dead letter whose function nobody knows stays where it is', async () => {
      const connection = await server.connection()
      const sqs = new SQSClient(connection)
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'strangers' }))
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }))
      const ended = await cli('dlq', 'redrive', 'strangers')
      expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringContaining('name one with --to') })
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }))
      expect(Messages).toHaveLength(1)
    })

    it('the letters of a queue go back to the queue that they come from', async () => {
      const sqs = new SQSClient(await server.connection())
      await sqs.send(new CreateQueueCommand({ QueueName: 'work-letters' }))
      const deadLetterTargetArn = 'arn:aws:sqs:us-east-1:123456789012:work-letters'
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 3 })
      await sqs.send(new CreateQueueCommand({ QueueName: 'work', Attributes: { RedrivePolicy } }))
      const ended = await cli('dlq', 'redrive', 'work-letters', '--json')
      expect(JSON.parse(ended.out)).toMatchObject({
        taskHandle: expect.any(String),
        sources: [expect.stringMatching(/work$/)],
      })
    })

    it('the log of all functions names function and request', async () => {
      const wants = (line: string) => line.includes('"function":"other"') && line.includes('got')
      const { out } = await until(
        () => cli('logs', '--json'),
        (ended) => ended.out.split('\n').some(wants),
      )
      const line = out.split('\n').find(wants) ?? ''
      expect(JSON.parse(line)).toMatchObject({ function: 'other', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    })

    it('a tail shows an event as a line, and ends with 130 at Ctrl-C', async () => {
      const child = spawn(process.execPath, [MAIN, 'events', 'tail', '--json', '--data', dataPath])
      const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
      let out = ''
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
      await new Promise<void>((resolve) => child.stderr.once('data', () => resolve()))
      const { out: id } = await cli('invoke', 'other', '--event', '--payload', '{"tail":1}')
      const lines = () => out.split('\n').filter((line) => line.includes(id.trim()) && line.includes('succeeded'))
      await until(
        async () => lines(),
        (found) => found.length > 0,
      )
      child.kill('SIGINT')
      expect(await exited).toBe(130)
      expect(lines()).toHaveLength(1)
      expect(JSON.parse(lines()[0] ?? '')).not.toHaveProperty('event')
    })

    it('an event that matched no rule, or is not known, cannot be replayed', async () => {
      expect(await cli('events', 'replay', 's3://nowhere/key')).toMatchObject({
        code: 3,
        err: expect.stringContaining('none is known'),
      })
      expect(await cli('events', 'replay', 'nothing')).toMatchObject({ code: 3 })
    })
  })

  it('a second server on the directory, or the port, is told why not', async () => {
    const directory = await millrace('start', '--data', dataPath, '--port', String(await freePort()))
    expect(directory).toMatchObject({ code: 1, err: expect.stringContaining('belongs to a server that is running') })
    const taken = await millrace('start', '--ephemeral', '--port', String(port))
    expect(taken).toMatchObject({ code: 1, err: expect.stringContaining(`port ${port} is taken`) })
  })

  it('a stopped server leaves no address behind', async () => {
    expect(await readdir(dataPath)).toContain('server.json')
    await server.stop()
    expect(await readdir(dataPath)).not.toContain('server.json')
    server = await startServerProcess(dataPath, port)
  })
})
