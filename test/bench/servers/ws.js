// The yardstick: a relay on ws that checks nothing. The address names the room; each frame goes to the others as it came.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { announce } from './announce.js'

const parse = process.argv.includes('--parse')
const rooms = new Map()
const server = createServer()
const sockets = new WebSocketServer({ server, perMessageDeflate: false })

sockets.on('connection', (socket, request) => {
  const room = request.url
  const members = rooms.get(room) ?? new Set()
  rooms.set(room, members.add(socket))
  socket.on('message', data => {
    if (parse) JSON.parse(data)
    for (const other of members) if (other !== socket) other.send(data, { binary: false })
  })
  socket.on('close', () => {
    members.delete(socket)
    if (members.size === 0) rooms.delete(room)
  })
})

server.listen(0, '127.0.0.1', () => announce(server))
