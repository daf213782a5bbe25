'use strict'
/** The context object. `callback` is given to runtimes that still have callbacks; the context then has done, succeed and fail too. */
function createContext(headers, invocation, callback) {
  own ??= readOwn()
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms'])
  const context = {
    get callbackWaitsForEmptyEventLoop() {
      return invocation.isEmptyLoopAwaited
    },
    set callbackWaitsForEmptyEventLoop(value) {
      invocation.isEmptyLoopAwaited = Boolean(value)
    },
    functionVersion: own.version,
    functionName: own.name,
    memoryLimitInMB: own.memory,
    logGroupName: own.logGroup,
    logStreamName: own.logStream,
    clientContext: parseJson(headers['lambda-runtime-client-context']),
    identity: parseJson(headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: invocation.id,
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  }
  if (callback) {
    context.done = (error, result) => {
      invocation.isEmptyLoopAwaited = false
      callback(error, result)
    }
    context.succeed = (result) => context.done(null, result)
    context.fail = (error) => context.done(error ?? 'handled')
  }
  return context
}

/** Who this process is; a variable takes a system call's time to read, and these do not change. */
let own

function readOwn() {
  const { env } = process
  return {
    version: env.AWS_LAMBDA_FUNCTION_VERSION,
    name: env.AWS_LAMBDA_FUNCTION_NAME,
    memory: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroup: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStream: env.AWS_LAMBDA_LOG_STREAM_NAME,
  }
}

function parseJson(text) {
  return text === undefined ? undefined : JSON.parse(text)
}

module.exports = { createContext }
