'use strict'
/**
 * Lets functions behind custom resources answer. CloudFormation's addresses are HTTPS ones at the usual port, and AWS's own `cfn-response`
 * and CDK's handlers take only host and path of what they are given. Here the address is one of this server, in plain HTTP.
 */
const http = require('node:http')
const https = require('node:https')
const { syncBuiltinESMExports } = require('node:module')

const HTTPS_PORT = 443

/** Where the last request wanted its answer: { hostname, port, folder }. */
let address

/** `responseUrl`: the ResponseURL of an event. Requests over HTTPS to its host and folder go to where it really is. */
exports.answerAt = function answerAt(responseUrl) {
  if (!URL.canParse(responseUrl)) return
  const { protocol, hostname, port, pathname } = new URL(responseUrl)
  if (protocol !== 'http:') return
  if (address === undefined) {
    const { request } = https
    https.request = (...args) => (isAnswer(args[0]) ? http.request(overHttp(args[0]), ...args.slice(1)) : request(...args))
    syncBuiltinESMExports()
  }
  address = { hostname, port, folder: pathname.slice(0, pathname.lastIndexOf('/') + 1) }
}

function isAnswer(options) {
  if (typeof options !== 'object' || options === null || options instanceof URL) return false
  const { hostname, host, port = HTTPS_PORT, path = '/' } = options
  return (hostname ?? host) === address.hostname && Number(port) === HTTPS_PORT && path.startsWith(address.folder)
}

function overHttp(options) {
  return { ...options, agent: undefined, protocol: 'http:', port: address.port }
}
