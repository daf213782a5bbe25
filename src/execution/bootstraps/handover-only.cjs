'use strict'
/** For programs that are to find the Runtime API before the runtime starts: hands the listening sockets over and ends. */
const { handOver } = require('./handover.cjs')

handOver(JSON.parse(process.argv[2])).catch((error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
