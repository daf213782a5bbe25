'use strict'
/** Finds and loads the handler that a string like `src/app.handlers.get` names. */
const fs = require('node:fs')
const path = require('node:path')
const { createRequire } = require('node:module')
const { pathToFileURL } = require('node:url')
const { fatalError } = require('./node-errors.cjs')

/** What AWS calls the file that we are, for messages. */
const RUNTIME_FILE = '/var/runtime/index.mjs'
const SPLIT = /^([^.]*)\.(.*)$/

/** Throws errors named as the platform names them; what the module itself throws is passed on. */
async function loadHandler(taskRoot, handlerText) {
  if (handlerText.includes('..')) {
    throw fatalError(
      'Runtime.MalformedHandlerName',
      `'${handlerText}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    )
  }
  const lastPart = path.basename(handlerText)
  const match = SPLIT.exec(lastPart)
  if (match === null) throw fatalError('Runtime.MalformedHandlerName', 'Bad handler')
  const [, moduleName, exportPath] = match
  const moduleRoot = handlerText.slice(0, handlerText.length - lastPart.length)
  const module = await loadModule(taskRoot, moduleRoot, moduleName)
  const handler = find(module, exportPath)
  if (handler === undefined || handler === null) {
    throw fatalError('Runtime.HandlerNotFound', `${handlerText} is undefined or not exported`)
  }
  if (typeof handler !== 'function') throw fatalError('Runtime.HandlerNotFound', `${handlerText} is not a function`)
  return handler
}

async function loadModule(taskRoot, moduleRoot, moduleName) {
  try {
    const base = path.resolve(taskRoot, moduleRoot, moduleName)
    for (const extension of ['', '.js', '.mjs', '.cjs']) {
      if (isFile(base + extension)) return await loadFile(base + extension, taskRoot)
    }
    const requireFromTask = createRequire(path.join(taskRoot, '_'))
    return requireFromTask(resolvePackage(requireFromTask, moduleName))
  } catch (error) {
    if (error instanceof SyntaxError) throw fatalError('Runtime.UserCodeSyntaxError', String(error), error)
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw fatalError('Runtime.ImportModuleError', String(error).replaceAll(`- ${path.join(__dirname, 'node-loader.cjs')}`, `- ${RUNTIME_FILE}`).replace(/\n- [^\n]*[\\/]node\.cjs/g, ''), error)
    }
    throw error
  }
}

/** A package on NODE_PATH, a layer's for instance. */
function resolvePackage(requireFromTask, moduleName) {
  try {
    return requireFromTask.resolve(moduleName)
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error
    const missing = new Error(`Cannot find module '${moduleName}'\nRequire stack:\n- ${RUNTIME_FILE}`)
    missing.code = 'MODULE_NOT_FOUND'
    throw missing
  }
}

async function loadFile(file, taskRoot) {
  const isModule = file.endsWith('.mjs') || (file.endsWith('.js') && packageType(file, taskRoot) === 'module')
  if (isModule) return import(pathToFileURL(file).href)
  try {
    return require(file)
  } catch (error) {
    // An ES module by its syntax, one that awaits at its top.
    if (error?.code === 'ERR_REQUIRE_ASYNC_MODULE' || error?.code === 'ERR_REQUIRE_ESM') return import(pathToFileURL(file).href)
    throw error
  }
}

/** `type` of the nearest package.json, looked for up to the root of the code. */
function packageType(file, taskRoot) {
  for (let folder = path.dirname(file); folder.startsWith(taskRoot); folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json')
    if (isFile(manifest)) return JSON.parse(fs.readFileSync(manifest, 'utf8')).type
    if (folder === path.dirname(folder)) break
  }
  return undefined
}

function find(module, exportPath) {
  const names = exportPath.split('.')
  const walk = (from) => names.reduce((value, name) => value?.[name], from)
  // `export default { handler }` and CommonJS behind import() keep their names one level down.
  return walk(module) ?? walk(module?.default)
}

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
}

module.exports = { loadHandler }
