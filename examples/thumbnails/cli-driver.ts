import { existsSync } from 'node:fs'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, run } from '../../test/house/server-process.ts'
import { type Driver, TRUST_LAMBDA } from './driver.ts'

// A version manager's `aws` in front of the system's may be version 1, which has no `logs tail`.
const AWS = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws'

/** The tutorial's steps with the aws command line, version 2. */
export async function cliDriver(connection: Connection): Promise<Driver> {
  const scratchPath = await mkdtemp(join(tmpdir(), 'millrace-cli-'))
  const env = {
    PATH: process.env.PATH,
    HOME: scratchPath,
    AWS_ACCESS_KEY_ID: connection.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: connection.credentials.secretAccessKey,
    AWS_DEFAULT_REGION: connection.region,
    AWS_PAGER: '',
    PYTHONUTF8: '1',
  }
  const aws = (...args: string[]) => run(AWS, [...args, '--endpoint-url', connection.endpoint], env)
  const query = async (path: string, ...args: string[]) =>
    (await aws(...args, '--query', path, '--output', 'text')).trim()
  return {
    name: 'cli',
    async createBucket(bucket) {
      await aws('s3', 'mb', `s3://${bucket}`)
    },
    async createExecutionRole(roleName, policyName, policyDocument) {
      const policyArn = await query(
        'Policy.Arn',
        'iam',
        'create-policy',
        '--policy-name',
        policyName,
        '--policy-document',
        policyDocument,
      )
      const roleArn = await query(
        'Role.Arn',
        'iam',
        'create-role',
        '--role-name',
        roleName,
        '--assume-role-policy-document',
        TRUST_LAMBDA,
      )
      await aws('iam', 'attach-role-policy', '--role-name', roleName, '--policy-arn', policyArn)
      return roleArn
    },
    async createFunction(spec) {
      const options = flags({
        'function-name': spec.functionName,
        runtime: spec.runtime,
        handler: spec.handler,
        role: spec.roleArn,
        'zip-file': `fileb://${spec.zipPath}`,
        timeout: '10',
        'memory-size': '1024',
      })
      const functionArn = await query('FunctionArn', 'lambda', 'create-function', ...options)
      await aws('lambda', 'wait', 'function-active-v2', '--function-name', spec.functionName)
      return functionArn
    },
    async allowBucketToInvoke(functionName, bucket, accountId) {
      const options = flags({
        'function-name': functionName,
        'statement-id': 's3invoke',
        action: 'lambda:InvokeFunction',
        principal: 's3.amazonaws.com',
        'source-arn': `arn:aws:s3:::${bucket}`,
        'source-account': accountId,
      })
      await aws('lambda', 'add-permission', ...options)
    },
    async notifyOnCreate(bucket, functionArn) {
      const configuration = {
        LambdaFunctionConfigurations: [{ LambdaFunctionArn: functionArn, Events: ['s3:ObjectCreated:*'] }],
      }
      const options = flags({ bucket, 'notification-configuration': JSON.stringify(configuration) })
      await aws('s3api', 'put-bucket-notification-configuration', ...options)
    },
    async upload(bucket, key, filePath, contentType) {
      await aws('s3', 'cp', filePath, `s3://${bucket}/${key}`, '--content-type', contentType)
    },
    async download(bucket, key) {
      const filePath = join(scratchPath, 'download')
      try {
        await aws('s3api', 'get-object', '--bucket', bucket, '--key', key, filePath)
      } catch (error) {
        if ((error as Error).message.includes('(NoSuchKey)')) return undefined
        throw error
      }
      return readFile(filePath)
    },
    async readLog(functionName) {
      try {
        return await aws('logs', 'tail', `/aws/lambda/${functionName}`, '--since', '1h', '--format', 'short')
      } catch (error) {
        if ((error as Error).message.includes('(ResourceNotFoundException)')) return ''
        throw error
      }
    },
  }
}

/** `{ role: 'r' }` → `--role r` */
function flags(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
}
