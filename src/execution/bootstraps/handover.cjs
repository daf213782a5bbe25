'use strict'
/**
 * Inside a network namespace of its own a function reaches nothing. Before any of its code is loaded, listening sockets for the Runtime API
 * and the AWS endpoint are opened there and handed over to the server, which accepts on them from outside. Then the channel is closed.
 */
const net = require('node:net')

/** `ports`: { name: port }. Resolves when the server has them all and this process holds none. */
exports.handOver = async function handOver(ports) {
  await Promise.all(Object.entries(ports).map(([name, port]) => handOverOne(name, port)))
  if (process.connected) process.disconnect()
}

function handOverOne(name, port) {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      process.send({ name }, server, (error) => {
        server.close()
        if (error) reject(error)
        else resolve()
      })
    })
  })
}
