'use strict'
/**
 * Runs inside of a function's network namespace, outside of its sandbox: opens connections to what listens there and hands them to the server,
 * which cannot reach that network itself. Ends with the server.
 */
const net = require('node:net')

process.on('message', ({ id, port }) => {
  const socket = net.connect(port, '127.0.0.1')
  socket.once('error', (error) => process.send({ id, error: error.message }))
  socket.once('connect', () => process.send({ id }, socket))
})
process.on('disconnect', () => process.exit())
