'use strict'
const { types } = require('node:util')

function isError(value) {
  return value instanceof Error || types.isNativeError(value)
}

/** An error whose class name is one of the platform's, with the stack of what caused it. */
function fatalError(type, message, cause) {
  const error = new Error(message)
  error.name = type
  const stack = isError(cause) && typeof cause.stack === 'string' ? cause.stack.split('\n').filter((line) => /^\s+at /.test(line)) : []
  error.stack = [`${type}: ${message}`, ...stack].join('\n')
  if (cause !== undefined && type === 'Runtime.UnhandledPromiseRejection') error.reason = cause
  return error
}

function stackOf(error) {
  return typeof error.stack === 'string' ? error.stack.split('\n') : []
}

/** What the caller gets. */
function toErrorDocument(value) {
  if (!isError(value)) return { errorType: typeof value, errorMessage: String(value), trace: [] }
  return { errorType: String(value.name), errorMessage: String(value.message), trace: stackOf(value) }
}

/** What the log gets: own properties too (`code`, `$metadata`, …). */
function toLogDocument(value) {
  if (!isError(value)) return { errorType: typeof value, errorMessage: String(value), stack: [] }
  const own = {}
  for (const [key, part] of Object.entries(value)) {
    if (key !== 'name' && key !== 'message' && key !== 'stack') own[key] = isError(part) ? toLogDocument(part) : part
  }
  return { errorType: String(value.name), errorMessage: String(value.message), ...own, stack: stackOf(value) }
}

module.exports = { isError, fatalError, stackOf, toErrorDocument, toLogDocument }
