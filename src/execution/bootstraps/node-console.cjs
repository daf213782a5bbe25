'use strict'
/** `console` as Lambda has it: one call, one log event, with time, request id and level. */
const fs = require('node:fs')
const { format } = require('node:util')
const { isError, stackOf, toLogDocument } = require('./node-errors.cjs')

const LOG_FD = 3
/** Longer messages become several events. */
const FRAME_CHARACTERS_MAX = 1_000_000
const LEVELS = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4, FATAL: 5 }

let isJson = false
let minimum = 0
let requestId

function setRequestId(id) {
  requestId = id
}

/** When the function's variables are there. */
function patchConsole() {
  isJson = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON'
  minimum = isJson ? (LEVELS[process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()] ?? LEVELS.INFO) : 0
  const methods = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' }
  for (const [method, level] of Object.entries(methods)) {
    console[method] = (...values) => write(level, isJson ? jsonLine(level, values) : textLine(level, format(...values)))
  }
}

/** A line of the runtime itself about an error. */
function log(level, title, error) {
  if (isJson) return write(level, jsonLine(level, [error]))
  write(level, textLine(level, `${title} \t${stringify(toLogDocument(error))}`))
}

function textLine(level, message) {
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${message}`
}

function jsonLine(level, values) {
  const line = { timestamp: new Date().toISOString(), level, requestId }
  const [first] = values
  const errorAt = values.findIndex(isError)
  if (values.length === 1 && !isError(first) && typeof first === 'object') line.message = first
  else line.message = values.length === 1 && isError(first) ? first.message : format(...values)
  if (errorAt >= 0) {
    const error = values[errorAt]
    Object.assign(line, { errorType: error.name, errorMessage: error.message, stackTrace: stackOf(error) })
  }
  try {
    return JSON.stringify(line)
  } catch {
    // Circular structures and bigints have no JSON; their text says enough.
    return JSON.stringify({ ...line, message: format(...values) })
  }
}

function stringify(value) {
  try {
    return JSON.stringify(value)
  } catch {
    return JSON.stringify({ errorType: value.errorType, errorMessage: value.errorMessage, stack: value.stack })
  }
}

function write(level, text) {
  if (LEVELS[level] < minimum) return
  for (let at = 0; at === 0 || at < text.length; at += FRAME_CHARACTERS_MAX) writeFrame(text.slice(at, at + FRAME_CHARACTERS_MAX))
}

/** A frame: the length in four bytes, then the text. Written at once: what was logged before a crash is seen. */
function writeFrame(text) {
  const length = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(4 + length)
  frame.writeUInt32BE(length, 0)
  frame.write(text, 4)
  let at = 0
  while (at < frame.length) {
    try {
      at += fs.writeSync(LOG_FD, frame, at)
    } catch (error) {
      // The server is gone; so will be this process.
      if (error.code !== 'EAGAIN') return
    }
  }
}

module.exports = { log, patchConsole, setRequestId }
