'use strict'
/** Starts a custom runtime inside of a network namespace: hands the listening sockets over, then becomes the function's `bootstrap`. */
const { handOver } = require('./handover.cjs')

const { ports, file } = JSON.parse(process.argv[2])
handOver(ports).then(
  () => process.execve(file, [file], process.env),
  (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  },
)
