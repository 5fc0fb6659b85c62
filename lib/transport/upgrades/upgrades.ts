import type { FastifyInstance } from 'fastify'
import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { HostSockets } from './host-sockets.js'
import { decidesByServer, decideUpgrades, decideUpgradesOn, type UpgradeVerdict } from '../internals.js'
import { UpgradeRoutes } from './upgrade-routes.js'

/** One registration of the plugin, whose routes take upgrades. */
export interface UpgradeTaker {
  /** Of the app: all its scopes share one router. */
  readonly routing: FastifyInstance['routing']
  readonly routes: UpgradeRoutes
  /** Emits `upgrade` for those of its own signalling routes alone. */
  readonly emitter: EventEmitter
  /** Those of its upgrades that a hook still holds up, and its WebSockets. */
  readonly sockets: Set<Duplex>
  /** Listens to the end of each of them: one function for all, since a closure with `once` around it is 250 bytes of each connection. */
  readonly handleClose: (this: Duplex) => void
  /** In how many seconds to come back, once the app closes: Fastify answers 503 then, before any hook could say so. */
  retryAfter: number | null
}

/**
 * Takes the upgrades of our own routes out of those of a server, and leaves all others as they would be without us.
 *
 * Nobody else may see ours: another `@fastify/websocket` would route each a second time, and a library that attaches
 * itself to the server ends what is not its own. Whatever the order in which listeners came, only `server.emit` comes
 * before all of them. And a server that nobody listens to must not seem to have a listener, or Node takes every upgrade
 * off its parser: a request with a body would lose it, and any other its answer. So ours does not count.
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

  /** Of one server there is one, for all apps and registrations on it. */
  static of (server: Server): Upgrades {
    const known = upgrades.get(server) ?? new Upgrades(server)
    upgrades.set(server, known)
    return known
  }

  /** Begins to take the upgrades of a registration's routes, until its app closes. */
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
    // Two apps may be on one server, and one of them may go.
    scope.addHook('onClose', async () => { this.#takers.splice(this.#takers.indexOf(taker), 1) })
    return taker
  }

  /** Whether an upgrade is one of ours, for the router: it has nothing but the request. */
  isTaken (request: IncomingMessage): boolean {
    return this.#verdicts.get(request)?.verdict === 'take'
  }

  /** The app that a scope belongs to closes: who still comes is told when to come back, in ms. */
  turnAway (scope: FastifyInstance, retryAfter: number): void {
    for (const taker of this.#takers) {
      if (taker.routing === scope.routing) taker.retryAfter = Math.max(1, Math.ceil(retryAfter / 1000))
    }
  }

  /** Cuts off all upgrades of the app that a scope belongs to. */
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

  /** Whether anybody but us listens to upgrades. */
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
          // One listener for both: a third on a socket makes its list of them 144 bytes longer.
          if (!this.host.knows(socket)) socket.on('close', taker.handleClose)
          return taker.emitter.emit('upgrade', request, socket, head)
        }
        // Nobody wants it, and yet it is off its parser: Fastify passes on all that its second socket for `localhost` gets.
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
      // Such a Node cuts off an upgrade that it was told to take where nobody listens; `emit` keeps ours from it all the same.
      this.#server.on('upgrade', ignore)
      decideUpgrades(this.#server, judge, () => this.#wanted)
    } else {
      this.host.onConnection(socket => decideUpgradesOn(socket, judge))
    }
  }

  /** Gives a request that is off its parser back to it, as it came. */
  #giveBack (request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const rawHeaders = request.rawHeaders as string[] | undefined
    // One that has no header of its own is not from the network; one that comes again would come for ever.
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

/** By server, since whoever comes second to one must find the first. */
const upgrades = new WeakMap<Server, Upgrades>()
