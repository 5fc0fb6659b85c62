import type { Server } from 'node:http'
import type { Http2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'
import { responseOn, speaksHttp1 } from '../internals.js'

/** The progress of a connection. If it is the same after some time, its client has done nothing. */
type Mark = string

/**
 * The connections of a server that belong to the host. None is cut off while the host works on its request. But when the server closes, a client that
 * never ends its request, or never reads its answer, would keep it open for ever: from then on Node does not check its own timeouts.
 */
export class HostSockets {
  readonly #open = new Set<Socket>()
  /** TLS connections whose handshake is not over, by the address of the other end. The raw and the encrypted socket have nothing else in common. */
  readonly #handshakes = new Map<string, Socket>()
  readonly #sessions = new Map<Http2Session, Set<ServerHttp2Stream>>()
  /** Connections that no longer speak HTTP. */
  readonly #handedOver = new WeakSet<Duplex>()
  #marks = new Map<object, Mark>()
  #onConnection: (socket: Duplex) => void = () => {}

  /** Forgets a connection that has ended. All share one function, because a closure would cost each connection 250 bytes. */
  readonly #handleClose: (this: Socket) => void

  /** @param closed called with each connection of HTTP/1 that has ended */
  constructor (server: Server, closed: (socket: Duplex) => void) {
    const open = this.#open
    this.#handleClose = function () {
      open.delete(this)
      closed(this)
    }
    // Node's own listener was added before, so the connection has a parser by now.
    if (server instanceof TlsServer) {
      server.on('connection', socket => { this.#shakesHands(socket) })
      server.on('secureConnection', socket => {
        this.#handshakes.delete(addressOf(socket))
        this.#connected(socket)
      })
    } else {
      server.on('connection', socket => { this.#connected(socket) })
    }
    // A server that only speaks HTTP/1 emits neither of these events.
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

  /** Sets the function that is called with every new connection of HTTP/1. */
  onConnection (listener: (socket: Duplex) => void): void {
    this.#onConnection = listener
  }

  /** Whether a socket is a connection of the server, so that `closed` is called at its end. */
  knows (socket: Duplex): boolean {
    return this.#open.has(socket as Socket)
  }

  /** A socket was handed over to the listener of `upgrade` or `connect`. */
  handedOver (socket: Duplex): void {
    this.#handedOver.add(socket)
  }

  /** Notes the progress of every connection. */
  mark (): void {
    this.#marks = new Map()
    for (const socket of this.#open) this.#marks.set(socket, markOf(socket))
    for (const streams of this.#sessions.values()) for (const stream of streams) this.#marks.set(stream, markOf(stream))
  }

  /** Cuts off the connections that wait for their client, if it has done nothing since the last mark. */
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
    // Connections of HTTP/2 are followed as sessions.
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
  // A stream of HTTP/2 does not count bytes. Its session does.
  const { bytesRead = 0 } = ('session' in stream ? (stream as ServerHttp2Stream).session?.socket : stream as Socket) ?? {}
  return `${bytesRead} ${stream.readableLength} ${stream.writableLength}`
}

/** Whether an upgrade was answered by an HTTP error, and its socket was not ended. */
function refused (socket: Socket): boolean {
  return responseOn(socket)?.writableFinished === true
}

function stuck (socket: Socket, marks: Map<object, Mark>): boolean {
  const response = responseOn(socket)
  // The connection is idle, or the head of its request has not arrived.
  if (response === null) return true
  if (marks.get(socket) !== markOf(socket)) return false
  const { req } = response
  // If the host does not read, the client is not to blame.
  return response.writableEnded || (!req.complete && req.readableLength === 0 && !socket.isPaused())
}

function streamStuck (stream: ServerHttp2Stream, marks: Map<object, Mark>): boolean {
  if (marks.get(stream) !== markOf(stream)) return false
  return stream.writableEnded || (!stream.readableEnded && !stream.endAfterHeaders && stream.readableLength === 0)
}
