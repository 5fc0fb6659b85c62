import type { FastifyInstance } from 'fastify'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex, Writable } from 'node:stream'
import type { WebSocket } from 'ws'

// Everything that reaches into what ws, Node and Fastify keep to themselves. None of it has a public way, and each has a test in
// internals.test.ts that fails when it is gone. Where it is gone at run time, every function does without it as its comment says.

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
 * Tells of the other end's close frame when it comes. The `close` event of ws comes with the end of TCP alone, which a client on a bad
 * line may owe for half a minute, and its seat would be taken all that time. Without it, `close` still tells, later.
 */
export function onCloseFrame (socket: WebSocket, listener: (this: WebSocket, code: number) => void): void {
  const { _receiver: receiver } = socket as WebSocketInternals
  if (receiver === undefined) return
  receiver[reads] = socket
  receiver[tells] = listener
  receiver.on('conclude', handleConclude)
}

/** One function for all sockets: a closure of each would cost it 100 bytes. */
function handleConclude (this: Receiver, code: number): void {
  const { [reads]: socket, [tells]: listener } = this
  if (socket === undefined) return
  endOnce(this)
  endOnce(streamOf(socket))
  listener?.call(socket, code)
}

/**
 * Lets a stream be ended more than once. After a close frame ws ends its reader three times and its stream twice, and each time that is
 * one too many Node makes an error, with a stack, which nobody sees: 5 % of a whole call on fresh connections. A stream whose host has
 * given it an `end` of its own is left alone.
 */
function endOnce (stream: Writable | null): void {
  if (stream !== null && !Object.hasOwn(stream, 'end')) stream.end = end
}

function end (this: Writable, ...args: unknown[]): Writable {
  if (this.writableEnded && args.length === 0) return this
  return (Object.getPrototypeOf(this) as { end: (...args: unknown[]) => Writable }).end.apply(this, args)
}

/**
 * Sets the largest message of one WebSocket. `maxPayload` of ws is for a server, and the applications of one server have limits of
 * their own. Without it, a message of up to the server's limit is read as a whole before it is refused.
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
 * The stream that ws writes to. With neither compression nor blobs ws keeps nothing back, so that whoever writes whole frames to it keeps
 * the order. Without it, each frame is sent by ws itself, in a call of the system of its own.
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

/** Whether a connection of a server speaks HTTP/1. One of HTTP/2 has no parser, and nothing else tells them apart this early. */
export function speaksHttp1 (socket: Duplex): boolean {
  return (socket as HttpSocket).parser != null
}

/**
 * The answer that is being written on a connection of HTTP/1, or is the next to be; none where no request is at work. Events of the
 * server do not tell: an upgrade that is refused has an answer that its server never saw.
 */
export function responseOn (socket: Duplex): ServerResponse | null {
  return (socket as HttpSocket)._httpMessage ?? null
}

/**
 * Lets go of the answer that an upgraded connection was never given. Through it, request, reply and all that hooks have put on them would
 * live as long as the WebSocket: a third of what an idle peer costs. Where somebody waits for its end, it is kept.
 */
export function releaseResponse (socket: Duplex): void {
  const response = responseOn(socket)
  // Node listens itself, to close the answer with its socket.
  if (response === null || response.listenerCount('close') > 0) return
  response.detachSocket(socket as Socket)
}

/** What is to become of a request that asks for an upgrade: hand the socket over, answer it as any other, or what Node would do. */
export type UpgradeVerdict = 'take' | 'answer' | 'leave'

interface DecidingServer {
  /** From Node.js 22.21 and 24.9 on. Public where the server is made, which the host has done already. */
  shouldUpgradeCallback?: (request: IncomingMessage) => boolean
}

/** Whether this Node asks the server about upgrades, and not each of its connections. */
export function decidesByServer (server: Server): boolean {
  return typeof (server as DecidingServer).shouldUpgradeCallback === 'function'
}

/**
 * Decides which upgrades a server hands over, for a Node that asks the server.
 *
 * @param listens whether anybody listens to the others: Node hands an upgrade over where somebody does
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
    // A CONNECT asks to be handed over too, and is never ours.
    if (request.upgrade === true && request.method !== 'CONNECT') {
      const verdict = judge(request)
      if (verdict === 'take') return 2
      if (verdict === 'answer') request.upgrade = false
    }
    return onIncoming.call(parser, request, keepAlive)
  }
}

type RewriteUrl = (this: FastifyInstance, request: IncomingMessage) => string

/** The option `rewriteUrl` of an app, which Fastify does not show. Without it, upgrades of rewritten addresses are not seen as ours. */
export function rewriteUrlOf (fastify: FastifyInstance): RewriteUrl | undefined {
  for (let scope: object | null = fastify; scope !== null; scope = Object.getPrototypeOf(scope) as object | null) {
    const key = Object.getOwnPropertySymbols(scope).find(symbol => symbol.description === 'fastify.options')
    if (key !== undefined) return (scope as Record<symbol, { rewriteUrl?: RewriteUrl }>)[key]?.rewriteUrl
  }
  return undefined
}
