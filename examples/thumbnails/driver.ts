/** The calls the tutorials make, so that one script can make them with the aws CLI and with the AWS SDK. */
export interface Driver {
  readonly name: string
  createBucket(bucket: string): Promise<void>
  /** Creates the policy and a role Lambda may assume, attaches one to the other, and returns the role's ARN. */
  createExecutionRole(roleName: string, policyName: string, policyDocument: string): Promise<string>
  /** Creates the function, waits until it is active, and returns its ARN. */
  createFunction(spec: FunctionInput): Promise<string>
  allowBucketToInvoke(functionName: string, bucket: string, accountId: string): Promise<void>
  notifyOnCreate(bucket: string, functionArn: string): Promise<void>
  upload(bucket: string, key: string, filePath: string, contentType: string): Promise<void>
  /** The object's bytes, or undefined while it does not exist. */
  download(bucket: string, key: string): Promise<Uint8Array | undefined>
  /** The text of the function's log so far. */
  readLog(functionName: string): Promise<string>
}

export interface FunctionInput {
  readonly functionName: string
  readonly runtime: string
  readonly handler: string
  readonly roleArn: string
  readonly zipPath: string
}

export const TRUST_LAMBDA = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})
