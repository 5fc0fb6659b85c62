import type { Server } from 'node:http'
import type { Http2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'
import { responseOn, speaksHttp1 } from '../internals.js'

/** How far a connection had come; where it has come no further, its client does nothing. */
type Mark = string

/**
 * The connections of a server that are the host's. None is harmed while the host works for it; but when the server
 * closes, a client that never ends its request, or never reads its answer, would hold that up for ever: Node stops
 * looking after its own timeouts then.
 */
export class HostSockets {
  readonly #open = new Set<Socket>()
  /** TLS connections whose handshake is not over, by the address of the other end: both sides of TLS share nothing else. */
  readonly #handshakes = new Map<string, Socket>()
  readonly #sessions = new Map<Http2Session, Set<ServerHttp2Stream>>()
  /** Whose protocol is not HTTP any more. */
  readonly #handedOver = new WeakSet<Duplex>()
  #marks = new Map<object, Mark>()
  #onConnection: (socket: Duplex) => void = () => {}

  /** Forgets a connection that has ended: one function for all, since a closure of each would cost it 250 bytes. */
  readonly #handleClose: (this: Socket) => void

  /** @param closed told of each connection of HTTP/1 that has ended */
  constructor (server: Server, closed: (socket: Duplex) => void) {
    const open = this.#open
    this.#handleClose = function () {
      open.delete(this)
      closed(this)
    }
    // Node's own listener was there first, so that the connection has its parser.
    if (server instanceof TlsServer) {
      server.on('connection', socket => { this.#shakesHands(socket) })
      server.on('secureConnection', socket => {
        this.#handshakes.delete(addressOf(socket))
        this.#connected(socket)
      })
    } else {
      server.on('connection', socket => { this.#connected(socket) })
    }
    // Neither is ever emitted by a server that speaks HTTP/1 alone.
    server.on('session', (session: Http2Session) => {
      this.#sessions.set(session, new Set())
      session.once('close', () => { this.#sessions.delete(session) })
    })
    server.on('stream', (stream: ServerHttp2Stream) => {
      const streams = stream.session === undefined ? undefined : this.#sessions.get(stream.session)
      streams?.add(stream)
      stream.once('close', () => { streams?.delete(stream) })
    })
  }

  /** Who is told of every new connection that speaks HTTP/1. */
  onConnection (listener: (socket: Duplex) => void): void {
    this.#onConnection = listener
  }

  /** Whether a socket is a connection of the server, whose end is told of. */
  knows (socket: Duplex): boolean {
    return this.#open.has(socket as Socket)
  }

  /** A socket is somebody's own from now on. */
  handedOver (socket: Duplex): void {
    this.#handedOver.add(socket)
  }

  /** Notes how far every connection has come. */
  mark (): void {
    this.#marks = new Map()
    for (const socket of this.#open) this.#marks.set(socket, markOf(socket))
    for (const streams of this.#sessions.values()) for (const stream of streams) this.#marks.set(stream, markOf(stream))
  }

  /** Cuts off those that wait for their client, who has done nothing since the last mark. */
  cutStuck (): void {
    for (const socket of this.#handshakes.values()) socket.destroy()
    for (const socket of this.#open) {
      if (this.#handedOver.has(socket) ? refused(socket) : stuck(socket, this.#marks)) socket.destroy()
    }
    for (const [session, streams] of this.#sessions) {
      if ([...streams].every(stream => streamStuck(stream, this.#marks))) session.destroy()
    }
    this.mark()
  }

  #connected (socket: Socket): void {
    // Those of HTTP/2 are sessions.
    if (!speaksHttp1(socket)) return
    this.#onConnection(socket)
    if (this.#open.has(socket)) return
    this.#open.add(socket)
    socket.on('close', this.#handleClose)
  }

  #shakesHands (socket: Socket): void {
    const address = addressOf(socket)
    this.#handshakes.set(address, socket)
    socket.once('close', () => {
      if (this.#handshakes.get(address) === socket) this.#handshakes.delete(address)
    })
  }
}

function addressOf (socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}

function markOf (stream: Duplex): Mark {
  // A stream of HTTP/2 counts no bytes, but its session does.
  const { bytesRead = 0 } = ('session' in stream ? (stream as ServerHttp2Stream).session?.socket : stream as Socket) ?? {}
  return `${bytesRead} ${stream.readableLength} ${stream.writableLength}`
}

/** Whether an upgrade was answered by an HTTP status: whoever took it has no more use for it, and did not end it. */
function refused (socket: Socket): boolean {
  return responseOn(socket)?.writableFinished === true
}

function stuck (socket: Socket, marks: Map<object, Mark>): boolean {
  const response = responseOn(socket)
  // Idle, or its head has not arrived: nobody has heard of that request yet.
  if (response === null) return true
  if (marks.get(socket) !== markOf(socket)) return false
  const { req } = response
  // Where the host does not read, its client has done its part.
  return response.writableEnded || (!req.complete && req.readableLength === 0 && !socket.isPaused())
}

function streamStuck (stream: ServerHttp2Stream, marks: Map<object, Mark>): boolean {
  if (marks.get(stream) !== markOf(stream)) return false
  return stream.writableEnded || (!stream.readableEnded && !stream.endAfterHeaders && stream.readableLength === 0)
}
