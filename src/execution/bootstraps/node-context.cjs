'use strict'
/** The context object. `callback` is given to runtimes that still have callbacks; the context then has done, succeed and fail too. */
function createContext(headers, invocation, callback) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms'])
  const context = {
    get callbackWaitsForEmptyEventLoop() {
      return invocation.isEmptyLoopAwaited
    },
    set callbackWaitsForEmptyEventLoop(value) {
      invocation.isEmptyLoopAwaited = Boolean(value)
    },
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
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

function parseJson(text) {
  return text === undefined ? undefined : JSON.parse(text)
}

module.exports = { createContext }
