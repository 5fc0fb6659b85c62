// A relay as somebody writes it in an afternoon with Fastify and @fastify/websocket: parse, look up the room, write again.
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { announce } from './announce.js'

const rooms = new Map()
const app = Fastify()
await app.register(websocket)

app.get('/app', { websocket: true }, socket => {
  let room
  const leave = () => {
    room?.delete(socket)
    room = undefined
  }
  socket.on('message', data => {
    const message = JSON.parse(data)
    switch (message.command) {
      case 'join': {
        room = rooms.get(message.streamId) ?? new Set()
        rooms.set(message.streamId, room.add(socket))
        socket.send(JSON.stringify({ command: 'notification', definition: 'joined', streamId: message.streamId }))
        if (room.size === 2) for (const other of room) if (other !== socket) other.send(JSON.stringify({ command: 'start', streamId: message.streamId }))
        break
      }
      case 'leave':
        for (const other of room ?? []) if (other !== socket) other.send(JSON.stringify({ command: 'stop', streamId: message.streamId }))
        leave()
        if (rooms.get(message.streamId)?.size === 0) rooms.delete(message.streamId)
        socket.send(JSON.stringify({ command: 'notification', definition: 'leaved', streamId: message.streamId }))
        break
      default:
        for (const other of room ?? []) if (other !== socket) other.send(JSON.stringify(message))
    }
  })
  socket.on('close', leave)
})

await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server)
