// A process full of clients, for tests that stop it: `node crowd.js <address> <how many> <prefix of their rooms>`.
// Says "ready" once all of them have joined.
import { WebSocket } from 'ws'

const [, , address, count, prefix] = process.argv
let waiting = Number(count)
for (let i = 0; i < Number(count); i++) {
  const socket = new WebSocket(address)
  socket.on('open', () => socket.send(JSON.stringify({ command: 'join', streamId: `${prefix}-${i}` })))
  socket.once('message', () => {
    if (--waiting === 0) console.log('ready')
  })
  socket.on('error', () => {})
}
