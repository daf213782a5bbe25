/** The calls of Terraform's aws_iam_role, aws_lambda_function and aws_lambda_permission, in their order, and what the provider makes of the answers. */
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  GetPolicyCommand,
  ListVersionsByFunctionCommand,
  PutFunctionConcurrencyCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda'
import { describe, expect, it } from 'vitest'
import { functionZip } from '../../house/function-zip.ts'
import { useAccount } from '../cloudformation/account.ts'

const account = useAccount()
const RoleName = 'terraform-role'
const FunctionName = 'terraform-function'
const LOGS = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'
const trust = (Principal: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] })

async function nameOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer
    return 'an answer'
  } catch (error) {
    return (error as Error).name
  }
}

describe('aws_iam_role', () => {
  it('is read with its document in percent encoding', async () => {
    const document = trust({ Service: 'lambda.amazonaws.com' })
    await account.iam.send(
      new CreateRoleCommand({
        RoleName,
        AssumeRolePolicyDocument: document,
        Tags: [{ Key: 'by', Value: 'terraform' }],
      }),
    )
    const { Role } = await account.iam.send(new GetRoleCommand({ RoleName }))
    expect(Role?.AssumeRolePolicyDocument).toMatch(/^%7B%22Version%22%3A/)
    expect(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''))).toEqual(JSON.parse(document))
    expect(Role).toMatchObject({ MaxSessionDuration: 3600, Path: '/', Tags: [{ Key: 'by', Value: 'terraform' }] })
    expect(Role?.RoleId).toMatch(/^AROA/)
  })

  it('lists its policies', async () => {
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
    })
    await account.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'inline', PolicyDocument }))
    await account.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: LOGS }))
    const { PolicyNames } = await account.iam.send(new ListRolePoliciesCommand({ RoleName }))
    expect(PolicyNames).toEqual(['inline'])
    const inline = await account.iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'inline' }))
    expect(decodeURIComponent(inline.PolicyDocument ?? '')).toBe(PolicyDocument)
    const { AttachedPolicies } = await account.iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))
    expect(AttachedPolicies).toEqual([{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: LOGS }])
  })
})

describe('aws_lambda_function', () => {
  it('is absent as the provider expects it', async () => {
    expect(await nameOf(account.lambda.send(new GetFunctionCommand({ FunctionName })))).toBe(
      'ResourceNotFoundException',
    )
  })

  it('is created, and active when it is asked for', async () => {
    const { Role } = await account.iam.send(new GetRoleCommand({ RoleName }))
    const made = await account.lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Role: Role?.Arn,
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Code: { ZipFile: functionZip({ 'index.js': 'exports.handler = async () => 1' }) },
        Publish: true,
        Tags: { by: 'terraform' },
        TracingConfig: { Mode: 'PassThrough' },
      }),
    )
    expect(made.Version).toBe('1')
    const { Configuration, Code, Tags } = await account.lambda.send(new GetFunctionCommand({ FunctionName }))
    expect(Configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful', Version: '$LATEST' })
    expect(Configuration?.CodeSha256).toBe(made.CodeSha256)
    expect(Code?.RepositoryType).toBe('S3')
    expect(Tags).toEqual({ by: 'terraform' })
    await account.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 2 }))
    const { Concurrency } = await account.lambda.send(new GetFunctionCommand({ FunctionName }))
    expect(Concurrency?.ReservedConcurrentExecutions).toBe(2)
  })

  it('is refreshed: its newest version, and no code signing', async () => {
    const { Versions = [] } = await account.lambda.send(new ListVersionsByFunctionCommand({ FunctionName }))
    expect(Versions.map(({ Version }) => Version)).toEqual(['$LATEST', '1'])
    expect(Versions.at(-1)?.FunctionArn).toMatch(/:function:terraform-function:1$/)
    const signing = await account.lambda.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }))
    expect(signing.$metadata.httpStatusCode).toBe(200)
    expect(signing.CodeSigningConfigArn || undefined).toBeUndefined()
  })
})

describe('aws_lambda_permission', () => {
  it('is absent as the provider expects it', async () => {
    expect(await nameOf(account.lambda.send(new GetPolicyCommand({ FunctionName })))).toBe('ResourceNotFoundException')
  })

  it('is read from the policy, whose conditions are plain texts under keys that begin with AWS', async () => {
    const { accountId: SourceAccount } = account.server
    const SourceArn = 'arn:aws:s3:::terraform-source'
    await account.lambda.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: 'terraform-1',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceAccount,
        SourceArn,
      }),
    )
    const { Policy, RevisionId } = await account.lambda.send(new GetPolicyCommand({ FunctionName }))
    expect(RevisionId).toBeTruthy()
    expect(JSON.parse(Policy ?? '')).toMatchObject({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'terraform-1',
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Action: 'lambda:InvokeFunction',
          Resource: `arn:aws:lambda:us-east-1:${SourceAccount}:function:${FunctionName}`,
          Condition: {
            StringEquals: { 'AWS:SourceAccount': SourceAccount },
            ArnLike: { 'AWS:SourceArn': SourceArn },
          },
        },
      ],
    })
    await account.lambda.send(new RemovePermissionCommand({ FunctionName, StatementId: 'terraform-1' }))
    expect(await nameOf(account.lambda.send(new GetPolicyCommand({ FunctionName })))).toBe('ResourceNotFoundException')
  })
})

describe('terraform destroy', () => {
  it('deletes the function, and the role after it has asked for instance profiles', async () => {
    await account.lambda.send(new DeleteFunctionCommand({ FunctionName }))
    const { InstanceProfiles } = await account.iam.send(new ListInstanceProfilesForRoleCommand({ RoleName }))
    expect(InstanceProfiles).toEqual([])
    // Forgotten policies would be a conflict.
    expect(await nameOf(account.iam.send(new DeleteRoleCommand({ RoleName })))).toBe('DeleteConflictException')
    await account.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: LOGS }))
    await account.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'inline' }))
    await account.iam.send(new DeleteRoleCommand({ RoleName }))
    expect(await nameOf(account.iam.send(new GetRoleCommand({ RoleName })))).toBe('NoSuchEntityException')
  })
})
