// How each server is spoken to. `open` connects and takes a place in a room; what it returns can send prepared frames.
import { candidate, frame, sdp } from './frames.js'
import { RawSocket } from './socket.js'

let serial = 0

/** Waits for a frame that holds `words`. An error that comes before it is one here, too. */
function hears (socket, words) {
  return new Promise((resolve, reject) => {
    socket.wantsText = true
    socket.onFrame = text => {
      if (text.startsWith('{"command":"error"')) reject(new Error(text))
      if (!text.includes(words)) return
      socket.onFrame = () => {}
      resolve(text)
    }
  })
}

async function connected (port, path) {
  return await new RawSocket(port, path).opened()
}

const antMedia = (streamId, command, more) => frame(JSON.stringify({ command, streamId, ...more }))

/** The messages of one peer to the other, in the words of Ant Media's clients. */
function antMediaMessages (room) {
  return {
    candidate: antMedia(room, 'takeCandidate', { label: 0, id: '0', candidate: candidate() }),
    offer: bytes => antMedia(room, 'takeConfiguration', { type: 'offer', sdp: sdp(bytes) }),
    answer: bytes => antMedia(room, 'takeConfiguration', { type: 'answer', sdp: sdp(bytes) })
  }
}

function antMediaProtocol (path, joinFields) {
  return {
    connect: port => connected(port, path),
    /** @param before the lost socket of a peer that comes back */
    async join (socket, room, before) {
      const joined = hears(socket, '"joined"')
      socket.write(antMedia(room, 'join', { ...joinFields, ...(before?.resumeToken === undefined ? {} : { resumeToken: before.resumeToken }) }))
      const text = await joined
      if (joinFields.resume === true) {
        const { resumeToken, resumed } = JSON.parse(text)
        socket.resumeToken = resumeToken
        if (before !== undefined && resumed !== true) throw new Error('a peer came back and did not get its seat')
      }
    },
    /** The other peer is there, and this one is to make the offer. */
    start: socket => hears(socket, '"command":"start"'),
    async leave (socket, room) {
      const left = hears(socket, '"leaved"')
      socket.write(antMedia(room, 'leave'))
      await left
    },
    messages: room => antMediaMessages(room)
  }
}

/** The relay has no words of its own: who connects to the room's address is in it. */
const relay = {
  connect: (port, room) => connected(port, `/${room}`),
  async join () {},
  async leave () {},
  messages: room => antMediaMessages(room)
}

const peerjs = {
  async connect (port, room, side) {
    const socket = new RawSocket(port, `/peerjs?key=peerjs&id=${room}-${side}&token=t${serial++}&version=1.5.4`)
    const open = hears(socket, '"OPEN"')
    await socket.opened()
    await open
    return socket
  },
  async join () {},
  async leave () {},
  messages (room, side) {
    const message = (type, payload) => frame(JSON.stringify({ type, payload, dst: `${room}-${1 - side}` }))
    return {
      candidate: message('CANDIDATE', { candidate: { candidate: candidate(), sdpMLineIndex: 0, sdpMid: '0' }, type: 'media', connectionId: 'mc_1' }),
      offer: bytes => message('OFFER', { sdp: { type: 'offer', sdp: sdp(bytes) }, type: 'media', connectionId: 'mc_1' }),
      answer: bytes => message('ANSWER', { sdp: { type: 'answer', sdp: sdp(bytes) }, type: 'media', connectionId: 'mc_1' })
    }
  }
}

const socketIo = {
  async connect (port) {
    const socket = new RawSocket(port, '/socket.io/?EIO=4&transport=websocket')
    const hello = hears(socket, '0{')
    await socket.opened()
    await hello
    const ready = hears(socket, '40')
    socket.write(frame('40'))
    await ready
    return socket
  },
  async join (socket, room) {
    const joined = hears(socket, '"joined"')
    socket.write(frame(`42${JSON.stringify(['join', room])}`))
    await joined
  },
  async leave (socket) {
    const left = hears(socket, '"leaved"')
    socket.write(frame('42["leave"]'))
    await left
  },
  messages () {
    const message = data => frame(`42${JSON.stringify(['signal', data])}`)
    return {
      candidate: message({ candidate: candidate(), sdpMLineIndex: 0, sdpMid: '0' }),
      offer: bytes => message({ type: 'offer', sdp: sdp(bytes) }),
      answer: bytes => message({ type: 'answer', sdp: sdp(bytes) })
    }
  }
}

const yWebrtc = {
  connect: port => connected(port, '/'),
  async join (socket, room) {
    const answered = hears(socket, '"pong"')
    socket.write(Buffer.concat([frame(JSON.stringify({ type: 'subscribe', topics: [room] })), frame('{"type":"ping"}')]))
    await answered
  },
  async leave (socket, room) {
    const answered = hears(socket, '"pong"')
    socket.write(Buffer.concat([frame(JSON.stringify({ type: 'unsubscribe', topics: [room] })), frame('{"type":"ping"}')]))
    await answered
  },
  /** A topic's messages go to its sender too. */
  echoes: true,
  messages (room) {
    const message = data => frame(JSON.stringify({ type: 'publish', topic: room, data }))
    return {
      candidate: message({ candidate: candidate(), sdpMLineIndex: 0, sdpMid: '0' }),
      offer: bytes => message({ type: 'offer', sdp: sdp(bytes) }),
      answer: bytes => message({ type: 'answer', sdp: sdp(bytes) })
    }
  }
}

/**
 * Over several servers: rooms take turns, `ports` has one for each server. Of `of` rooms in a row the first `across` have their two peers on two servers,
 * and the others on one.
 */
function spread (protocol, across, of) {
  const second = new Map()
  let rooms = 0
  return {
    ...protocol,
    connect (ports, room, side) {
      let port = second.get(room)
      if (port === undefined) {
        const n = rooms++
        const first = Math.floor(n / of) % ports.length
        port = ports[first]
        second.set(room, n % of < across ? ports[(first + 1) % ports.length] : port)
      } else second.delete(room)
      return protocol.connect(port, room, side)
    }
  }
}

export const protocols = {
  relay,
  antMedia: antMediaProtocol('/app', {}),
  resumable: antMediaProtocol('/app', { resume: true }),
  sameServer: spread(antMediaProtocol('/app', { resume: true }), 0, 1),
  otherServer: spread(antMediaProtocol('/app', { resume: true }), 1, 1),
  halfAcross: spread(antMediaProtocol('/app', { resume: true }), 1, 2),
  peerjs,
  socketIo,
  yWebrtc
}
