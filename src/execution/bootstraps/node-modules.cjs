'use strict'
/**
 * The AWS SDK for functions that bring none, and packages of layers for ES modules, which ignore NODE_PATH. Looked at only where the
 * normal way finds nothing: a bundled copy wins.
 */
const fs = require('node:fs')
const { createRequire, registerHooks } = require('node:module')
const path = require('node:path')
const { pathToFileURL } = require('node:url')

const PROVIDED = /^@(aws-sdk|smithy)\//
const NOT_FOUND = new Set(['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'])

/** `sdk`: a folder with the SDK's node_modules in it. */
exports.provideModules = function provideModules(sdk) {
  const requireSdk = createRequire(path.join(sdk, '_'))
  const layers = (process.env.NODE_PATH ?? '').split(':')
    .filter((folder) => path.basename(folder) === 'node_modules' && fs.existsSync(folder))
  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context)
      } catch (error) {
        if (!NOT_FOUND.has(error?.code) || !isBare(specifier)) throw error
        const found = fromLayers(specifier, context, nextResolve, layers) ?? fromSdk(specifier, requireSdk)
        if (found) return found
        throw error
      }
    },
  })
}

function fromSdk(specifier, requireSdk) {
  if (!PROVIDED.test(specifier)) return undefined
  try {
    return { url: pathToFileURL(requireSdk.resolve(specifier)).href, shortCircuit: true }
  } catch (error) {
    if (NOT_FOUND.has(error?.code)) return undefined
    throw error
  }
}

function fromLayers(specifier, context, nextResolve, layers) {
  // CommonJS has looked there itself.
  if (!context.conditions?.includes('import')) return undefined
  for (const folder of layers) {
    try {
      const home = path.dirname(fs.realpathSync(folder))
      const found = nextResolve(specifier, { ...context, parentURL: pathToFileURL(path.join(home, '_')).href })
      // Node also looks in the folders above, which are none of the layer's.
      if (found.url.startsWith(pathToFileURL(home + path.sep).href)) return found
    } catch (error) {
      if (!NOT_FOUND.has(error?.code)) throw error
    }
  }
  return undefined
}

function isBare(specifier) {
  return !/^[./]|^[a-z]+:/i.test(specifier)
}
