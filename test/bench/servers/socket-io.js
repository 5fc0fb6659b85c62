// Rooms of socket.io, as its guides write a signalling server.
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { announce } from './announce.js'

const server = createServer()
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, pingInterval: 3_600_000 })

io.on('connection', socket => {
  socket.on('join', room => {
    socket.join(room)
    socket.data.room = room
    socket.emit('joined')
  })
  socket.on('signal', message => socket.to(socket.data.room).emit('signal', message))
  socket.on('leave', () => {
    socket.leave(socket.data.room)
    socket.emit('leaved')
  })
})

server.listen(0, '127.0.0.1', () => announce(server))
