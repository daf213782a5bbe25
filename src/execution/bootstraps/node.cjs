'use strict'
/**
 * The runtime of Node functions: loads the handler, asks the Runtime API for events, posts what the handler answers.
 * CommonJS and few modules on purpose: it is read at every cold start. The Runtime API is spoken on descriptor 4, a socket that nobody else
 * can reach; log calls go to descriptor 3 as frames, so that a message of many lines stays one event.
 */
const { toErrorDocument, fatalError } = require('./node-errors.cjs')
const { log, patchConsole, setRequestId } = require('./node-console.cjs')
const { loadHandler } = require('./node-loader.cjs')
const { ApiClient } = require('./node-api.cjs')
const { createContext } = require('./node-context.cjs')
const { defineStreamingGlobals, isStreaming, newResponseStream, runStreaming } = require('./node-streaming.cjs')

const API_FD = 4
const EXIT_INIT_ERROR = 1
const EXIT_UNSETTLED = 13
const EXIT_UNHANDLED_REJECTION = 128
const EXIT_UNCAUGHT_EXCEPTION = 129

let startup = JSON.parse(process.argv[2])
process.argv.splice(2)

const api = new ApiClient(API_FD)
let isLegacy = false
let handler
/** The event that has no answer yet: { id, settle, isEmptyLoopAwaited, outcome }. */
let current
let isInitOver = false

start().catch((error) => failInit(error))

async function start() {
  process.on('uncaughtException', (error) => die('Uncaught Exception', error, EXIT_UNCAUGHT_EXCEPTION))
  process.on('unhandledRejection', (reason) => {
    const error = fatalError('Runtime.UnhandledPromiseRejection', reason?.toString?.() ?? String(reason), reason)
    die('Unhandled Promise Rejection', error, EXIT_UNHANDLED_REJECTION)
  })
  process.on('beforeExit', onLoopEmpty)
  // The other side ended: the environment is gone.
  api.onEnd = () => process.exit(0)
  if (startup.ports) await require('./handover.cjs').handOver(startup.ports)
  if (startup.isBlank) startup = await require('./node-blank.cjs').becomeFunction(api, startup.sdk)
  isLegacy = startup.nodeMajor < 24
  patchConsole()
  defineStreamingGlobals()
  if (startup.sdk) require('./node-modules.cjs').provideModules(startup.sdk)
  handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER)
  if (!isLegacy && handler.length >= 3 && !isStreaming(handler)) {
    throw fatalError(
      'Runtime.CallbackHandlerDeprecated',
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    )
  }
  isInitOver = true
  api.next(onEvent)
}

function failInit(error) {
  log('ERROR', 'Uncaught Exception', error)
  postInitError(error, () => process.exit(EXIT_INIT_ERROR))
}

function onEvent(headers, body) {
  const id = headers['lambda-runtime-aws-request-id']
  setRequestId(id)
  const trace = headers['lambda-runtime-trace-id']
  if (trace) process.env._X_AMZN_TRACE_ID = trace
  else delete process.env._X_AMZN_TRACE_ID
  const invocation = { id, isEmptyLoopAwaited: true, outcome: undefined, isPromise: false }
  current = invocation
  // While the handler runs, only its own work keeps the event loop going: an empty loop then has a meaning.
  api.unref()
  if (isStreaming(handler)) return stream(invocation, headers, body)
  const callback = (error, result) => onCallback(invocation, error, result)
  const context = createContext(headers, invocation, isLegacy ? callback : undefined)
  try {
    const event = JSON.parse(body)
    if (typeof event?.ResponseURL === 'string') require('./node-answers.cjs').answerAt(event.ResponseURL)
    const result = isLegacy ? handler(event, context, callback) : handler(event, context)
    if (typeof result?.then === 'function') {
      invocation.isPromise = true
      result.then(
        (value) => succeed(invocation, value),
        (error) => fail(invocation, error),
      )
    } else if (!isLegacy) {
      succeed(invocation, result)
    }
  } catch (error) {
    fail(invocation, error)
  }
}

function stream(invocation, headers, body) {
  invocation.isPromise = true
  const response = newResponseStream(api, invocation.id, handler)
  const run = async () => runStreaming(handler, JSON.parse(body), response, createContext(headers, invocation))
  invocation.stream = response
  run().then(
    () => endStream(invocation),
    (error) => fail(invocation, error),
  )
}

function endStream(invocation) {
  if (current !== invocation) return
  current = undefined
  api.ref()
  api.endStream(undefined, onEvent)
}

/** The first call counts. Its answer waits for an empty event loop unless the function said otherwise. */
function onCallback(invocation, error, result) {
  if (current !== invocation || invocation.outcome) return
  const hasFailed = error !== undefined && error !== null
  invocation.outcome = hasFailed ? () => fail(invocation, error) : () => succeed(invocation, result)
  if (!invocation.isEmptyLoopAwaited) setImmediate(invocation.outcome)
}

function onLoopEmpty() {
  const invocation = current
  if (!invocation) return
  if (invocation.outcome) return invocation.outcome()
  if (!invocation.isPromise) return succeed(invocation, null)
  const message = 'The event loop is empty, yet the promise that the handler returned was never settled.'
  die('Invoke Error', fatalError('Runtime.NodeJsExit', message), EXIT_UNSETTLED)
}

function succeed(invocation, value) {
  if (current !== invocation) return
  let body
  try {
    body = JSON.stringify(value === undefined ? null : value)
    // Functions and symbols have no JSON.
    if (body === undefined) body = 'null'
  } catch (error) {
    const type = isLegacy ? 'Error' : 'Runtime.JSONStringifyError'
    return fail(invocation, fatalError(type, 'Unable to stringify response body', error))
  }
  current = undefined
  api.ref()
  api.respond(invocation.id, body, onEvent)
}

function fail(invocation, error) {
  if (current !== invocation) return
  log('ERROR', 'Invoke Error', error)
  current = undefined
  api.ref()
  postError(invocation, error, onEvent)
}

/** Of a response that has begun, the trailers say that it broke. */
function postError(invocation, error, next, done) {
  const document = toErrorDocument(error)
  if (invocation.stream?.isOpen) api.endStream(document, next, done)
  else api.fail(invocation.id, document.errorType, JSON.stringify(document), next, done)
  invocation.stream?.on('error', () => undefined).destroy()
}

/** The process cannot go on: says why, to the caller too while one waits, and ends. */
function die(title, error, code) {
  log('ERROR', title, error)
  const invocation = current
  current = undefined
  api.ref()
  if (invocation) postError(invocation, error, undefined, () => process.exit(code))
  else if (!isInitOver) postInitError(error, () => process.exit(code))
  else process.exit(code)
}

function postInitError(error, done) {
  const document = toErrorDocument(error)
  api.initError(document.errorType, JSON.stringify(document), done)
}
