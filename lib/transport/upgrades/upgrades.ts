import type { FastifyInstance } from 'fastify'
import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { HostSockets } from './host-sockets.js'
import { decidesByServer, decideUpgrades, decideUpgradesOn, type UpgradeVerdict } from '../internals.js'
import { UpgradeRoutes } from './upgrade-routes.js'

/** One registration of the plugin, whose routes take upgrades. */
export interface UpgradeTaker {
  /** The app's router, which all its scopes share. */
  readonly routing: FastifyInstance['routing']
  readonly routes: UpgradeRoutes
  /** Emits `upgrade` for the upgrades of its own signalling routes only. */
  readonly emitter: EventEmitter
  /** Its WebSockets, and its upgrades that a hook has not answered yet. */
  readonly sockets: Set<Duplex>
  /** Called at the end of each of these sockets. They share one function, because a closure with `once` would cost each connection 250 bytes. */
  readonly handleClose: (this: Duplex) => void
  /** The seconds for `Retry-After` once the app closes, null before. Fastify then answers 503 before any hook could set the header. */
  retryAfter: number | null
}

/**
 * Takes the upgrades of the plugin's routes out of those of a server, and leaves all others as they would be without the plugin.
 *
 * Nobody else may see the plugin's upgrades. Another `@fastify/websocket` would route each of them a second time, and a library that attaches itself
 * to the server may end upgrades that are not its own. Only `server.emit` runs before all listeners, in whatever order they were added. A server that
 * nobody else listens to must not seem to have a listener either. Node would take every upgrade off its parser: a request with a body would lose it,
 * and any other its answer. So the plugin's own listener does not count.
 */
export class Upgrades {
  readonly #server: Server
  readonly #takers: UpgradeTaker[] = []
  readonly #verdicts = new WeakMap<IncomingMessage, { verdict: UpgradeVerdict, taker?: UpgradeTaker }>()
  readonly host: HostSockets
  readonly #givenBack = new WeakSet<Duplex>()

  private constructor (server: Server) {
    this.#server = server
    this.host = new HostSockets(server, socket => { for (const { sockets } of this.#takers) sockets.delete(socket) })
    this.#overrideEmit()
    this.#decide()
  }

  /** The one instance of a server, for all apps and registrations on it. */
  static of (server: Server): Upgrades {
    const known = upgrades.get(server) ?? new Upgrades(server)
    upgrades.set(server, known)
    return known
  }

  /** Starts to take the upgrades of a registration's routes. It ends when its app closes. */
  take (scope: FastifyInstance): UpgradeTaker {
    const sockets = new Set<Duplex>()
    const taker: UpgradeTaker = {
      routing: scope.routing,
      routes: new UpgradeRoutes(scope),
      emitter: new EventEmitter(),
      sockets,
      handleClose () { sockets.delete(this) },
      retryAfter: null
    }
    this.#takers.push(taker)
    // Two apps may share one server, and one of them may close.
    scope.addHook('onClose', async () => { this.#takers.splice(this.#takers.indexOf(taker), 1) })
    return taker
  }

  /** Whether a request is an upgrade that was taken for the plugin. The router calls this; it has only the request. */
  isTaken (request: IncomingMessage): boolean {
    return this.#verdicts.get(request)?.verdict === 'take'
  }

  /** The app of a scope closes. From now on its upgrades are answered by 503, with a time to come back after, in ms. */
  turnAway (scope: FastifyInstance, retryAfter: number): void {
    for (const taker of this.#takers) {
      if (taker.routing === scope.routing) taker.retryAfter = Math.max(1, Math.ceil(retryAfter / 1000))
    }
  }

  /** Cuts off all upgrades and WebSockets of the app of a scope. */
  destroy (scope: FastifyInstance): void {
    for (const { routing, sockets } of this.#takers) {
      if (routing === scope.routing) for (const socket of sockets) socket.destroy()
    }
  }

  #judge (request: IncomingMessage): { verdict: UpgradeVerdict, taker?: UpgradeTaker } {
    let known = this.#verdicts.get(request)
    if (known === undefined) {
      known = { verdict: 'leave' }
      for (const taker of this.#takers) {
        const verdict = taker.routes.judge(request)
        if (verdict === 'leave') continue
        known = { verdict, taker }
        break
      }
      this.#verdicts.set(request, known)
    }
    return known
  }

  /** Whether anybody but the plugin listens to upgrades. */
  get #wanted (): boolean {
    return this.#server.listeners('upgrade').some(listener => listener !== ignore)
  }

  #overrideEmit (): void {
    const server = this.#server as unknown as { emit: (event: string | symbol, ...args: unknown[]) => boolean }
    const emit = server.emit
    server.emit = (event, ...args) => {
      if (event === 'upgrade') {
        const [request, socket, head] = args as [IncomingMessage, Duplex, Buffer]
        const { verdict, taker } = this.#judge(request)
        if (verdict === 'take' && taker !== undefined) {
          this.host.handedOver(socket)
          if (taker.retryAfter !== null) {
            socket.end(`HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${taker.retryAfter}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
            return true
          }
          taker.sockets.add(socket)
          // One listener serves both purposes. A third listener makes the list of a socket 144 bytes larger.
          if (!this.host.knows(socket)) socket.on('close', taker.handleClose)
          return taker.emitter.emit('upgrade', request, socket, head)
        }
        // Nobody wants the upgrade, but it is off its parser: Fastify passes on every upgrade of its second server for `localhost`.
        if (verdict === 'answer' || !this.#wanted) {
          this.#giveBack(request, socket, head)
          return true
        }
      }
      if (event === 'upgrade' || event === 'connect') this.host.handedOver(args[1] as Duplex)
      return emit.call(this.#server, event, ...args)
    }
  }

  #decide (): void {
    const judge = (request: IncomingMessage): UpgradeVerdict => this.#judge(request).verdict
    if (decidesByServer(this.#server)) {
      // Such a Node cuts off an upgrade that is taken if nobody listens. This listener is never called for it, because of `emit`.
      this.#server.on('upgrade', ignore)
      decideUpgrades(this.#server, judge, () => this.#wanted)
    } else {
      this.host.onConnection(socket => decideUpgradesOn(socket, judge))
    }
  }

  /** Gives a request back to the parser of HTTP, with the bytes that came. */
  #giveBack (request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const rawHeaders = request.rawHeaders as string[] | undefined
    // A request without raw headers did not come from the network. A socket that was given back before would come back for ever.
    if (rawHeaders === undefined || this.#givenBack.has(socket)) {
      socket.destroy()
      return
    }
    this.#givenBack.add(socket)
    let text = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n`
    for (let i = 0; i < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
    socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]))
    this.#server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
  }
}

function ignore (): void {}

/** The instance of each server. */
const upgrades = new WeakMap<Server, Upgrades>()
