import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from '../house/server-process.ts'

export interface Variant {
  /** What keys have to end with. */
  readonly suffix: string
  readonly functionName: string
  /** A bucket with a name that S3 refuses, so that the deployment fails half-way. */
  readonly hasFailingBucket?: boolean
  /** What the function writes in front of what it read. */
  readonly says: string
}

/** The application of AWS's tutorial: what is put into one bucket is written, changed, into another, by a function that a SAM template deploys. */
export async function writeTutorial(folder: string, variant: Variant): Promise<string> {
  const { suffix, functionName, says, hasFailingBucket = false } = variant
  await mkdir(join(folder, 'code'), { recursive: true })
  await writeFile(
    join(folder, 'code/index.mjs'),
    `import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
const s3 = new S3Client({})
export const handler = async ({ Records: [{ s3: { bucket, object } }] }) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: object.key }))
  const text = ${JSON.stringify(says)} + (await Body.transformToString())
  await s3.send(new PutObjectCommand({ Bucket: process.env.TARGET, Key: object.key, Body: text }))
}
`,
  )
  const path = join(folder, 'template.yaml')
  await writeFile(
    path,
    `AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Resources:
  Source:
    Type: AWS::S3::Bucket
  Target:
    Type: AWS::S3::Bucket
  Copier:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: ${functionName}
      CodeUri: code/
      Handler: index.handler
      Runtime: nodejs22.x
      Policies: AWSLambdaExecute
      Environment:
        Variables:
          TARGET: !Ref Target
      Events:
        Put:
          Type: S3
          Properties:
            Bucket: !Ref Source
            Events: s3:ObjectCreated:*
            Filter:
              S3Key:
                Rules:
                  - Name: suffix
                    Value: ${suffix}
${hasFailingBucket ? '  Broken:\n    Type: AWS::S3::Bucket\n    DependsOn: Copier\n    Properties:\n      BucketName: No_Bucket_Is_Called_So\n' : ''}Outputs:
  Source:
    Value: !Ref Source
  Target:
    Value: !Ref Target
  Function:
    Value: !Ref Copier
`,
  )
  return path
}

const WAIT_MS = 20_000

/** Puts an object and waits for what the function makes of it. Throws when nothing comes. */
export async function expectCopied(s3: S3Client, outputs: Outputs, key: string, says: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: outputs.Source, Key: key, Body: 'hello' }))
  const deadlineMs = performance.now() + WAIT_MS
  while (performance.now() < deadlineMs) {
    const text = await textOf(s3, outputs.Target, key)
    if (text === `${says}hello`) return
    if (text !== undefined) throw new Error(`${key} became "${text}"`)
    await delay(50)
  }
  throw new Error(`nothing came of ${key}`)
}

/** Puts an object that no rule matches, then one that does: when the second has been handled, nothing must have come of the first. */
export async function expectNotCopied(
  s3: S3Client,
  outputs: Outputs,
  key: string,
  matching: string,
  says: string,
): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: outputs.Source, Key: key, Body: 'hello' }))
  await expectCopied(s3, outputs, matching, says)
  if ((await textOf(s3, outputs.Target, key)) !== undefined)
    throw new Error(`${key} was handled, and no rule matches it`)
}

export interface Outputs {
  readonly Source: string
  readonly Target: string
  readonly Function: string
}

/** Deletes all objects, as stacks do not: a bucket has to be empty to be deleted. */
export async function emptyBuckets(s3: S3Client, outputs: Outputs): Promise<void> {
  for (const Bucket of [outputs.Source, outputs.Target]) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
    for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }))
  }
}

export async function bucketNames(connection: Connection): Promise<string[]> {
  const { Buckets = [] } = await new S3Client(connection).send(new ListBucketsCommand({}))
  return Buckets.map(({ Name = '' }) => Name)
}

async function textOf(s3: S3Client, Bucket: string, Key: string): Promise<string | undefined> {
  try {
    return await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined
    throw error
  }
}
