import type { FastifyInstance } from 'fastify'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex, Writable } from 'node:stream'
import type { WebSocket } from 'ws'

// Everything that depends on internals of ws, Node and Fastify. None of it has a public API. For each there is a test in internals.test.ts that
// fails when the internal is gone. If it is gone at run time, each function works without it, as its comment says.

const reads = Symbol('the socket that it reads')
const tells = Symbol('what is told of a close frame')
/** The reader of a WebSocket. */
interface Receiver extends Writable {
  _bufferedBytes?: number
  _maxPayload?: number
  [reads]?: WebSocket
  [tells]?: (this: WebSocket, code: number) => void
}
interface WebSocketInternals {
  _receiver?: Receiver
  _socket?: Duplex | null
}

/**
 * Calls a listener when the other end's close frame arrives. ws emits `close` only at the end of TCP, which may take half a minute on a bad line, and
 * the seat would be taken all that time. Without the internal, `close` tells it later.
 */
export function onCloseFrame (socket: WebSocket, listener: (this: WebSocket, code: number) => void): void {
  const { _receiver: receiver } = socket as WebSocketInternals
  if (receiver === undefined) return
  receiver[reads] = socket
  receiver[tells] = listener
  receiver.on('conclude', handleConclude)
}

/** One function for all sockets. A closure would cost each of them 100 bytes. */
function handleConclude (this: Receiver, code: number): void {
  const { [reads]: socket, [tells]: listener } = this
  if (socket === undefined) return
  endOnce(this)
  endOnce(streamOf(socket))
  listener?.call(socket, code)
}

/**
 * Allows a stream to be ended more than once. After a close frame ws ends its reader three times and its stream twice. For each surplus call Node
 * makes an error with a stack that nobody sees: 5 % of the CPU of a whole call on fresh connections. A stream that has an `end` of its own from the
 * host is left alone.
 */
function endOnce (stream: Writable | null): void {
  if (stream !== null && !Object.hasOwn(stream, 'end')) stream.end = end
}

function end (this: Writable, ...args: unknown[]): Writable {
  if (this.writableEnded && args.length === 0) return this
  return (Object.getPrototypeOf(this) as { end: (...args: unknown[]) => Writable }).end.apply(this, args)
}

/**
 * Sets the largest message of one WebSocket, in bytes. The option `maxPayload` of ws is for a whole server, but its applications have limits of their
 * own. Without the internal, a message up to the server's limit is read completely before it is refused.
 */
export function setMaxPayload (socket: WebSocket, bytes: number): void {
  const { _receiver: receiver } = socket as WebSocketInternals
  if (receiver !== undefined) receiver._maxPayload = bytes
}

/**
 * Whether more was read from the other end together with the message that is being told of. Without it, more is always expected, and
 * what the message leads to is written at the end of the turn.
 */
export function hasReadMore (socket: WebSocket): boolean {
  return (socket as WebSocketInternals)._receiver?._bufferedBytes !== 0
}

/**
 * The stream that ws writes to. Without compression and blobs ws holds nothing back, so whole frames that are written to the stream keep their order.
 * Without the internal, ws sends each frame by itself, by one system call each.
 */
export function streamOf (socket: WebSocket): Duplex | null {
  return (socket as WebSocketInternals)._socket ?? null
}

/** The parser of a connection that speaks HTTP/1. */
interface Parser {
  /** Takes a request whose head is read. A result of 2 hands the socket over. */
  onIncoming?: (request: UpgradeAsking, keepAlive: boolean) => number
}
interface HttpSocket extends Duplex {
  parser?: Parser | null
  _httpMessage?: ServerResponse | null
}
interface UpgradeAsking extends IncomingMessage {
  /** Whether the request asks for an upgrade. */
  upgrade?: boolean
}

/** Whether a connection of a server speaks HTTP/1. One of HTTP/2 has no parser. Nothing else distinguishes them this early. */
export function speaksHttp1 (socket: Duplex): boolean {
  return (socket as HttpSocket).parser != null
}

/**
 * The response that is being written on a connection of HTTP/1, or will be next; null if no request is being handled. The server's events do not tell
 * it: a refused upgrade has a response of which its server does not know.
 */
export function responseOn (socket: Duplex): ServerResponse | null {
  return (socket as HttpSocket)._httpMessage ?? null
}

/**
 * Releases the unused response of an upgraded connection. Otherwise request, reply and all that hooks have attached to them would live as long as the
 * WebSocket: a third of the memory of an idle peer. If somebody waits for the end of the response, it is kept.
 */
export function releaseResponse (socket: Duplex): void {
  const response = responseOn(socket)
  // Node listens itself, to close the answer with its socket.
  if (response === null || response.listenerCount('close') > 0) return
  response.detachSocket(socket as Socket)
}

/** What happens to a request for an upgrade: its socket is handed over, it is answered like any other request, or Node decides. */
export type UpgradeVerdict = 'take' | 'answer' | 'leave'

interface DecidingServer {
  /** Since Node.js 22.21 and 24.9. It is a public option of a new server, but the host has made the server already. */
  shouldUpgradeCallback?: (request: IncomingMessage) => boolean
}

/** Whether this Node decides about upgrades by a callback of the server, not by the parser of each connection. */
export function decidesByServer (server: Server): boolean {
  return typeof (server as DecidingServer).shouldUpgradeCallback === 'function'
}

/**
 * Decides which upgrades a server hands over, for a Node that asks the server.
 *
 * @param listens whether anybody listens to the other upgrades. If so, Node hands them over
 */
export function decideUpgrades (server: Server, judge: (request: IncomingMessage) => UpgradeVerdict, listens: () => boolean): void {
  const deciding = server as DecidingServer
  const { shouldUpgradeCallback } = deciding
  deciding.shouldUpgradeCallback = request => {
    const verdict = judge(request)
    return verdict === 'take' || (verdict === 'leave' && listens() && shouldUpgradeCallback?.call(server, request) === true)
  }
}

/** Decides which upgrades one connection hands over, for a Node that asks the parser of each connection. */
export function decideUpgradesOn (socket: Duplex, judge: (request: IncomingMessage) => UpgradeVerdict): void {
  const { parser } = socket as HttpSocket
  const onIncoming = parser?.onIncoming
  if (parser == null || onIncoming === undefined) return
  parser.onIncoming = (request, keepAlive) => {
    // A CONNECT request is handed over too, but is never for the plugin.
    if (request.upgrade === true && request.method !== 'CONNECT') {
      const verdict = judge(request)
      if (verdict === 'take') return 2
      if (verdict === 'answer') request.upgrade = false
    }
    return onIncoming.call(parser, request, keepAlive)
  }
}

type RewriteUrl = (this: FastifyInstance, request: IncomingMessage) => string

/** The option `rewriteUrl` of an app, which Fastify does not expose. Without the internal, upgrades of rewritten addresses are not recognised. */
export function rewriteUrlOf (fastify: FastifyInstance): RewriteUrl | undefined {
  for (let scope: object | null = fastify; scope !== null; scope = Object.getPrototypeOf(scope) as object | null) {
    const key = Object.getOwnPropertySymbols(scope).find(symbol => symbol.description === 'fastify.options')
    if (key !== undefined) return (scope as Record<symbol, { rewriteUrl?: RewriteUrl }>)[key]?.rewriteUrl
  }
  return undefined
}
