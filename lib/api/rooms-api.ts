import { RESERVED_DEFINITIONS } from '../protocol/server-messages.js'
import { isJson } from '../protocol/codec.js'
import * as notices from '../protocol/notices.js'
import type { RoomEvents } from '../events.js'
import type { OtherServers, ServerSnapshot } from '../rooms/other-servers.js'
import type { RoomRegistry } from '../rooms/room-registry.js'
import { BadArgumentError, ReservedDefinitionError } from '../errors.js'
import { OwnRooms, type ServerTotals } from './own-rooms.js'
import { mergeRooms, type PartialRoom, type PeerSnapshot, type RoomSnapshot } from './room-snapshots.js'

/** Everything as it is now: plain data. */
export interface RoomsDump {
  prefix: string
  draining: boolean
  connections: number
  /** How much is kept in all for peers that may come back, bytes; bounded by `resume.totalBytes`. */
  replayBytes: number
  rooms: RoomSnapshot[]
}

/** What the registration can do that the rooms cannot. */
export interface Registration {
  readonly prefix: string
  connections (): number
  drain (): Promise<void>
  /** The servers that share the rooms; undefined where there are none. */
  readonly others: OtherServers | undefined
  /** The registrations on the same server scope, by their whole prefix. */
  under (prefix: string): RoomsApi
}

/**
 * `fastify.rooms`: the rooms of one registration of the plugin. Where rooms span servers it answers for all of them: what is on another one
 * is asked for, and a server that does not answer in time is left out.
 */
export class RoomsApi {
  readonly #rooms: RoomRegistry
  readonly #registration: Registration
  readonly #own: OwnRooms

  constructor (rooms: RoomRegistry, registration: Registration) {
    this.#rooms = rooms
    this.#registration = registration
    const { others } = registration
    this.#own = new OwnRooms(rooms, () => registration.connections(), others?.id)
    others?.answerBy((method, args) => this.#own.handle(method, args))
  }

  /** The prefix under which this registration's routes are, `''` at the root. */
  get prefix (): string {
    return this.#registration.prefix
  }

  /** Whether the server takes no new joins because it is about to stop. */
  get draining (): boolean {
    return this.#rooms.draining
  }

  /** The applications in which somebody sits. */
  async apps (): Promise<string[]> {
    return [...new Set((await this.#ask<string[]>('apps')).flat())]
  }

  /** The rooms of one application, or of all. */
  async list (app?: string): Promise<RoomSnapshot[]> {
    return mergeRooms((await this.#ask<PartialRoom[]>('list', app ?? null)).flat())
  }

  /** One room, or undefined where nobody sits in it. */
  async get (app: string, room: string): Promise<RoomSnapshot | undefined> {
    return mergeRooms((await this.#ask<PartialRoom | null>('get', app, room)).flatMap(part => part ?? []))[0]
  }

  /** The peers of a room in the order in which they sat down; none where the room does not exist. */
  async peers (app: string, room: string): Promise<PeerSnapshot[]> {
    return (await this.get(app, room))?.peers ?? []
  }

  /** One peer, or undefined where it has gone. */
  async peer (id: string): Promise<PeerSnapshot | undefined> {
    return (await this.#ask<PeerSnapshot | null>('peer', id)).find(peer => peer !== null) ?? undefined
  }

  /** Everything, as plain data that `JSON.stringify` takes. */
  async dump (): Promise<RoomsDump> {
    const totals = await this.#ask<ServerTotals>('totals')
    return {
      prefix: this.prefix,
      draining: this.draining,
      connections: totals.reduce((sum, { connections }) => sum + connections, 0),
      replayBytes: totals.reduce((sum, { replayBytes }) => sum + replayBytes, 0),
      rooms: await this.list()
    }
  }

  /**
   * Puts everybody out of a room. Their connections stay open, and the room may be joined anew.
   *
   * @param reason told to each of them in `leaved`
   * @returns whether there was such a room
   * @throws FST_WEBRTC_BAD_ARGUMENT where the reason is no string
   */
  async close (app: string, room: string, reason = 'closed'): Promise<boolean> {
    checkReason(reason)
    return (await this.#ask<boolean>('close', app, room, reason)).includes(true)
  }

  /**
   * Puts one peer out of its room. Its connection stays open.
   *
   * @param reason told to it in `leaved`
   * @returns whether there was such a peer
   * @throws FST_WEBRTC_BAD_ARGUMENT where the reason is no string
   */
  async remove (peer: string, reason = 'removed'): Promise<boolean> {
    checkReason(reason)
    return (await this.#ask<boolean>('remove', peer, reason)).includes(true)
  }

  /**
   * Sends a `notification` to everybody in a room; an absent peer gets it when it is back.
   *
   * @param definition names it; clients hand it to the application's callback under this name
   * @param data any JSON
   * @returns whether there was such a room
   * @throws FST_WEBRTC_RESERVED_DEFINITION where the definition is one of the protocol's own
   * @throws FST_WEBRTC_BAD_ARGUMENT where the definition is no string of 1 to 256 characters, or the data cannot be written as JSON
   */
  async send (app: string, room: string, definition: string, data?: unknown): Promise<boolean> {
    return (await this.#ask<boolean>('send', app, room, notification(room, definition, data))).includes(true)
  }

  /** As {@link send}, to one peer. */
  async sendToPeer (peer: string, definition: string, data?: unknown): Promise<boolean> {
    notification('', definition, data)
    return (await this.#ask<boolean>('sendToPeer', peer, definition, ...(data === undefined ? [] : [data]))).includes(true)
  }

  /** The servers that share the rooms and are alive, this one included; none where rooms do not span servers. */
  async servers (): Promise<ServerSnapshot[]> {
    return this.#registration.others?.servers ?? []
  }

  /**
   * Takes no new joins any more, tells every client when to come back, and closes their connections with 1001; those that
   * do not go are cut off after the grace period. `fastify.close()` does this by itself.
   */
  async drain (): Promise<void> {
    await this.#registration.drain()
  }

  /**
   * The rooms of another registration of the plugin on the same scope of the same server, by its whole prefix.
   * `fastify.rooms` itself are those of the first.
   *
   * @throws FST_WEBRTC_NO_SUCH_PREFIX where there is none
   */
  under (prefix: string): RoomsApi {
    return this.#registration.under(prefix)
  }

  on<E extends keyof RoomEvents> (event: E, listener: (...args: RoomEvents[E]) => void): this {
    this.#rooms.events.on(event, listener)
    return this
  }

  once<E extends keyof RoomEvents> (event: E, listener: (...args: RoomEvents[E]) => void): this {
    this.#rooms.events.once(event, listener)
    return this
  }

  off<E extends keyof RoomEvents> (event: E, listener: (...args: RoomEvents[E]) => void): this {
    this.#rooms.events.off(event, listener)
    return this
  }

  /** What this server says, and what the others say that answer in time. */
  async #ask<T> (method: keyof OwnRooms & string, ...args: unknown[]): Promise<T[]> {
    const own = this.#own.handle(method, args) as T
    const { others } = this.#registration
    return others === undefined ? [own] : [own, ...await others.askAll(method, args) as T[]]
  }
}

function checkReason (reason: unknown): void {
  if (typeof reason !== 'string') throw new BadArgumentError('reason', 'must be a string')
}

function notification (room: string, definition: string, data: unknown): string {
  if ((RESERVED_DEFINITIONS as readonly string[]).includes(definition)) throw new ReservedDefinitionError(definition)
  if (typeof definition !== 'string' || definition === '' || definition.length > 256) {
    throw new BadArgumentError('definition', 'must be a string of 1 to 256 characters')
  }
  if (data !== undefined && !isJson(data)) throw new BadArgumentError('data', 'cannot be written as JSON')
  return notices.ofApplication(room, definition, data)
}
