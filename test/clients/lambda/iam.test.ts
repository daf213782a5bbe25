import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  ListRolesCommand,
  IAMClient,
  CreatePolicyCommand,
  PutUserPermissionsBoundaryCommand,
} from '@aws-sdk/client-iam'
import {
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Account, policyOf, refusal, trustOf } from './account.ts'

type Config = Awaited<ReturnType<Account['user']>>

const allow = (Action: string | readonly string[], Resource: string | readonly string[] = '*', Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
})

/** Makes calls that its event names, in the function's own session. */
const CALLER = `
import { S3Client, GetObjectCommand } from '@aws-sdk/client-s3'
import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
const config = { maxAttempts: 1 }
const s3 = new S3Client(config)
const answer = async (call) => { try { return (await call).$metadata.httpStatusCode } catch (e) { return e.name } }
export const handler = async (event) => {
  if (event.bucket) return answer(s3.send(new GetObjectCommand({ Bucket: event.bucket, Key: 'k' })))
  const { Arn, UserId, Account } = await new STSClient(config).send(new GetCallerIdentityCommand({}))
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = process.env
  return { Arn, UserId, Account, accessKeyId, secretAccessKey, sessionToken }
}`

describe('what policies allow', () => {
  let account: Account
  let bucketCount = 0
  beforeAll(async () => {
    account = await Account.open()
    await account.deploy('f')
    await account.lambda.send(new PublishVersionCommand({ FunctionName: 'f' }))
  })
  afterAll(() => account?.[Symbol.asyncDispose]())

  /** A bucket with object `k`. */
  async function makeBucket(...statements: readonly object[]): Promise<string> {
    const Bucket = `b-${++bucketCount}`
    await account.s3.send(new CreateBucketCommand({ Bucket }))
    await account.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    if (statements.length > 0) await setPolicy(Bucket, ...statements)
    return Bucket
  }

  const setPolicy = (Bucket: string, ...statements: readonly object[]) => {
    const Policy = policyOf(...statements.map((one) => JSON.parse(JSON.stringify(one).replaceAll('BUCKET', Bucket))))
    return account.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }))
  }

  const userArn = (name: string) => `arn:aws:iam::${account.id}:user/${name}`

  /** What a call of this user answers: the status, or the refusal. */
  async function outcome(call: Promise<{ $metadata: { httpStatusCode?: number } }>): Promise<unknown> {
    return call.then(
      ({ $metadata }) => $metadata.httpStatusCode,
      (error: Error & { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode,
    )
  }
  const get = (config: Config, Bucket: string, Key = 'k') =>
    outcome(new S3Client(config).send(new GetObjectCommand({ Bucket, Key })))
  const put = (config: Config, Bucket: string) =>
    outcome(new S3Client(config).send(new PutObjectCommand({ Bucket, Key: 'p', Body: 'x' })))
  const list = (config: Config, Bucket: string, Prefix?: string) =>
    outcome(new S3Client(config).send(new ListObjectsV2Command({ Bucket, Prefix })))

  it('T106 an explicit deny wins, and is named', async () => {
    const Bucket = await makeBucket()
    const user = await account.user('u106', allow('s3:*'), {
      Effect: 'Deny',
      Action: 's3:DeleteObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
    })
    const refused = await refusal(new S3Client(user).send(new DeleteObjectCommand({ Bucket, Key: 'k' })))
    expect(refused).toMatchObject({ name: 'AccessDenied', status: 403 })
    expect(refused.message).toMatch(/with an explicit deny in an identity-based policy/)
    expect(await get(user, Bucket)).toBe(200)
  })

  it('T107 T108 actions are the same in any case, and an object is not its bucket', async () => {
    const Bucket = await makeBucket()
    expect(await get(await account.user('u107', allow('s3:getobject')), Bucket)).toBe(200)
    expect(await get(await account.user('u108', allow('s3:GetObject', `arn:aws:s3:::${Bucket}`)), Bucket)).toBe(403)
  })

  it('T109 T110 a variable is the name of the user, and only text in the version before', async () => {
    const Bucket = await makeBucket()
    const home = allow('s3:ListBucket', `arn:aws:s3:::${Bucket}`, {
      StringLike: { 's3:prefix': ['home/${aws:username}/*'] },
    })
    const bob = await account.user('bob', home)
    const prefixes = ['home/bob/', 'home/eve/', undefined]
    expect(await Promise.all(prefixes.map((prefix) => list(bob, Bucket, prefix)))).toEqual([200, 403, 403])
    await account.allowUser('bob', JSON.stringify({ Version: '2008-10-17', Statement: [home] }))
    expect(await list(bob, Bucket, 'home/bob/')).toBe(403)
  })

  it('T111 a bucket may refuse requests without TLS', async () => {
    await using other = await Account.open({ secureLoopback: false })
    await other.s3.send(new CreateBucketCommand({ Bucket: 'secure' }))
    const Policy = policyOf({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: ['arn:aws:s3:::secure', 'arn:aws:s3:::secure/*'],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    })
    const user = await other.user('u111', allow('s3:*'))
    expect(await put(user, 'secure')).toBe(200)
    await other.s3.send(new PutBucketPolicyCommand({ Bucket: 'secure', Policy }))
    expect(await put(user, 'secure')).toBe(403)
  })

  it('T112 T113 a key that is missing fulfils a negated condition, IfExists or not, until Null says otherwise', async () => {
    const user = await account.user('u112', allow('s3:*'))
    const key = 's3:x-amz-server-side-encryption'
    const deny = (Condition: object) => ({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::BUCKET/*',
      Condition,
    })
    const Bucket = await makeBucket()
    await setPolicy(Bucket, deny({ StringNotEquals: { [key]: 'aws:kms' } }))
    expect(await put(user, Bucket)).toBe(403)
    await setPolicy(Bucket, deny({ StringNotEqualsIfExists: { [key]: 'aws:kms' } }))
    expect(await put(user, Bucket)).toBe(403)
    await setPolicy(Bucket, deny({ StringNotEquals: { [key]: 'aws:kms' }, Null: { [key]: 'false' } }))
    expect(await put(user, Bucket)).toBe(200)
  })

  it('T114 a set without members fulfils ForAllValues, and not ForAnyValue', async () => {
    const tagged = (operator: string) => allow('lambda:*', '*', { [operator]: { 'aws:TagKeys': ['a'] } })
    const read = (user: Config) => outcome(new LambdaClient(user).send(new GetFunctionCommand({ FunctionName: 'f' })))
    expect(await read(await account.user('all', tagged('ForAllValues:StringEquals')))).toBe(200)
    expect(await read(await account.user('any', tagged('ForAnyValue:StringEquals')))).toBe(403)
  })

  it('T115 T116 NotAction leaves out, and a boundary caps', async () => {
    const functions = (user: Config) => new LambdaClient(user).send(new ListFunctionsCommand({}))
    const user = await account.user('u115', { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' })
    expect(await outcome(functions(user))).toBe(200)
    expect(await outcome(new IAMClient(user).send(new ListRolesCommand({})))).toBe(403)

    const bounded = await account.user('u116', allow('lambda:*'))
    const { Policy } = await account.iam.send(
      new CreatePolicyCommand({ PolicyName: 'only-s3', PolicyDocument: policyOf(allow('s3:*')) }),
    )
    await account.iam.send(
      new PutUserPermissionsBoundaryCommand({ UserName: 'u116', PermissionsBoundary: Policy?.Arn }),
    )
    const refused = await refusal(functions(bounded))
    expect(refused).toMatchObject({ name: 'AccessDeniedException', status: 403 })
    expect(refused.message).toContain('because no permissions boundary allows the lambda:ListFunctions action')
  })

  it('T117 T118 a bucket policy for a user is enough, one for the account is not', async () => {
    const user = await account.user('u117')
    const statement = (AWS: string) => ({
      ...allow('s3:GetObject', 'arn:aws:s3:::BUCKET/*'),
      Principal: { AWS },
    })
    expect(await get(user, await makeBucket(statement(userArn('u117'))))).toBe(200)
    expect(await get(user, await makeBucket(statement(`arn:aws:iam::${account.id}:root`)))).toBe(403)
  })

  it('T121 a permission for the function is none for its version', async () => {
    const user = await account.user('u121', allow('lambda:InvokeFunction', account.arn('f')))
    const lambda = new LambdaClient(user)
    expect((await lambda.send(new InvokeCommand({ FunctionName: 'f' }))).StatusCode).toBe(200)
    const refused = await refusal(lambda.send(new InvokeCommand({ FunctionName: 'f:1' })))
    expect(refused).toMatchObject({ name: 'AccessDeniedException', status: 403 })
    expect(refused.message).toContain(account.arn('f:1'))
  })

  it('T122 whether an object exists is told only to those who may list', async () => {
    const Bucket = await makeBucket()
    const read = (user: Config) => refusal(new S3Client(user).send(new GetObjectCommand({ Bucket, Key: 'none' })))
    const blind = await account.user('u122', allow('s3:GetObject'))
    expect(await read(blind)).toMatchObject({ name: 'AccessDenied', status: 403 })
    const seeing = await account.user('u122b', allow(['s3:GetObject', 's3:ListBucket']))
    expect(await read(seeing)).toMatchObject({ name: 'NoSuchKey', status: 404 })
  })

  it('T123 a tag of the object opens it', async () => {
    const Bucket = await makeBucket()
    await account.s3.send(new PutObjectCommand({ Bucket, Key: 'open', Body: 'x', Tagging: 'public=yes' }))
    const condition = { StringEquals: { 's3:ExistingObjectTag/public': 'yes' } }
    const user = await account.user('u123', allow('s3:GetObject', '*', condition))
    expect([await get(user, Bucket, 'open'), await get(user, Bucket)]).toEqual([200, 403])
  })

  it('T124 T125 a function is a session of its role, and its keys need their token', async () => {
    await account.deploy('f124', CALLER, { Timeout: 20 })
    const { json } = await account.invoke('f124', {})
    expect(json).toMatchObject({
      Arn: `arn:aws:sts::${account.id}:assumed-role/r/f124`,
      UserId: expect.stringMatching(/^AROA[A-Z0-9]+:f124$/),
      Account: account.id,
      accessKeyId: expect.stringMatching(/^ASIA/),
    })
    const { accessKeyId, secretAccessKey, sessionToken } = json
    const Bucket = await makeBucket()
    const without = { ...account.server.clientConfig({ accessKeyId, secretAccessKey }), maxAttempts: 1 }
    expect(await get(without, Bucket)).toBe(403)
    expect(await get({ ...without, credentials: { ...without.credentials, sessionToken } } as Config, Bucket)).toBe(200)
  })

  it('T126 T127 who is trusted may take a role, whose sessions are of the role', async () => {
    const stranger = await account.user('u126', allow('s3:*'))
    const trusted = await account.user('u127', allow('sts:AssumeRole'))
    const RoleArn = `arn:aws:iam::${account.id}:role/r127`
    const AssumeRolePolicyDocument = trustOf({ AWS: userArn('u127') })
    await account.iam.send(new CreateRoleCommand({ RoleName: 'r127', AssumeRolePolicyDocument }))
    const assume = (config: Config) =>
      new STSClient(config).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'session' }))
    expect(await refusal(assume(stranger))).toMatchObject({
      name: 'AccessDenied',
      status: 403,
      message: `User: ${userArn('u126')} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
    })
    const { Credentials } = await assume(trusted)
    const Bucket = await makeBucket({
      ...allow('s3:GetObject', 'arn:aws:s3:::BUCKET/*', { ArnEquals: { 'aws:PrincipalArn': RoleArn } }),
      Principal: '*',
    })
    const credentials = {
      accessKeyId: `${Credentials?.AccessKeyId}`,
      secretAccessKey: `${Credentials?.SecretAccessKey}`,
      sessionToken: `${Credentials?.SessionToken}`,
    }
    expect(await get({ ...account.server.clientConfig(credentials), maxAttempts: 1 }, Bucket)).toBe(200)
    expect(await get(await account.user('u127b'), Bucket)).toBe(403)
  })

  it('T128 a call of a user has no source: a condition on one is false in Allow, its negation true in Deny', async () => {
    const anywhere = 'arn:aws:s3:::any'
    const allowed = await account.user('u128', allow('s3:GetObject', '*', { ArnLike: { 'aws:SourceArn': anywhere } }))
    const denied = await account.user('u128b', allow('s3:GetObject'), {
      Effect: 'Deny',
      Action: 's3:GetObject',
      Resource: '*',
      Condition: { ArnNotLike: { 'aws:SourceArn': anywhere } },
    })
    const Bucket = await makeBucket()
    expect([await get(allowed, Bucket), await get(denied, Bucket)]).toEqual([403, 403])
  })

  it('T129 T132 rights may be those of one function only, and are those of now', async () => {
    const only = (Effect: string) => ({
      ...allow('s3:GetObject', '*', { ArnEquals: { 'lambda:SourceFunctionArn': account.arn('f129') } }),
      Effect,
    })
    const Role = await account.role('r129', allow('logs:*'), only('Allow'))
    await account.deploy('f129', CALLER, { Role, Timeout: 20 })
    await account.deploy('f129b', CALLER, { Role, Timeout: 20 })
    const bucket = await makeBucket()
    expect((await account.invoke('f129', { bucket })).json).toBe(200)
    expect((await account.invoke('f129b', { bucket })).json).toBe('AccessDenied')
    expect(await get(await account.user('u129', only('Allow')), bucket)).toBe(403)
    await account.allowRole('r129', allow('s3:*'), only('Deny'))
    expect((await account.invoke('f129', { bucket })).json).toBe('AccessDenied')
    expect((await account.invoke('f129b', { bucket })).json).toBe(200)
  })

  it('T130 T131 a role with policies stays, and one without JSON is never made', async () => {
    await account.role('r130')
    await account.iam.send(
      new AttachRolePolicyCommand({
        RoleName: 'r130',
        PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
      }),
    )
    expect(await refusal(account.iam.send(new DeleteRoleCommand({ RoleName: 'r130' })))).toMatchObject({
      name: 'DeleteConflictException',
      status: 409,
      message: 'Cannot delete entity, must detach all policies first.',
    })
    const broken = new CreateRoleCommand({ RoleName: 'r131', AssumeRolePolicyDocument: '{' })
    expect(await refusal(account.iam.send(broken))).toMatchObject({
      name: 'MalformedPolicyDocumentException',
      status: 400,
      message: 'This policy contains invalid Json',
    })
  })
})
