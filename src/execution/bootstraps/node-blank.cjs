'use strict'
/**
 * A process that was started before its function was known: loads what most functions will ask for, waits, and then becomes the one it is
 * told to be, as if it had been started with its variables and in its directory.
 */
const Module = require('node:module')
const path = require('node:path')
const { pathToFileURL } = require('node:url')

/** 70 of the 100 ms that a first `import '@aws-sdk/client-s3'` takes. A copy that the function brings is another module, and unaffected. */
const PRELOADED = ['@aws-sdk/client-s3']

/** `sdk`: a folder with the SDK's node_modules in it. Resolves to what the other processes are started with. */
exports.becomeFunction = async function becomeFunction(api, sdk) {
  if (sdk) await preload(sdk)
  require('./node-modules.cjs')
  const { task, ...startup } = await new Promise((resolve) => {
    let assignment
    const onAssigned = (_headers, body) => {
      assignment = JSON.parse(body)
      setVariables(assignment.variables)
      // NODE_PATH is read once, when Node starts.
      Module._initPaths()
    }
    api.assignment(onAssigned, () => resolve(assignment))
  })
  process.chdir(task)
  return startup
}

/** Only what differs: to set TZ, even to what it was, takes 5 ms, for time zones are loaded anew. */
function setVariables(variables) {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(variables, name)) delete process.env[name]
  for (const [name, value] of Object.entries(variables)) if (process.env[name] !== value) process.env[name] = value
}

async function preload(sdk) {
  const requireSdk = Module.createRequire(path.join(sdk, '_'))
  for (const name of PRELOADED) {
    try {
      // import() fills the caches of both module systems.
      await import(pathToFileURL(requireSdk.resolve(name)).href)
    } catch {
      // The function that needs it will say so.
    }
  }
}
