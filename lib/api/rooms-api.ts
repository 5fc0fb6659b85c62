import { RESERVED_DEFINITIONS } from '../protocol/server-messages.js'
import { isJson } from '../protocol/codec.js'
import * as notices from '../protocol/notices.js'
import type { RoomEvents } from '../events.js'
import type { AnyRoom } from '../rooms/any-room.js'
import type { RoomRegistry } from '../rooms/room-registry.js'
import type { Seat } from '../rooms/seat.js'
import { BadArgumentError, ReservedDefinitionError } from '../errors.js'

/** A peer as it is now: plain data. */
export interface PeerSnapshot {
  /** The peer's id: new for each seat, kept over resumptions. */
  id: string
  /** `absent`: its socket is lost, and its seat waits for it. */
  state: 'present' | 'absent'
  /** For how much longer, in ms, the seat waits; null while the peer is present. */
  absentFor: number | null
  resumable: boolean
  polite: boolean
  /** How many messages of this peer were relayed. */
  relayed: number
  /** How many messages wait for an absent peer. */
  kept: number
  role: string | null
  metadata: unknown
}

/** A room as it is now: plain data. */
export interface RoomSnapshot {
  app: string
  name: string
  capacity: number
  /** How many joiners wait to learn whether a sitter still lives. */
  waiting: number
  /** In the order in which they sat down. */
  peers: PeerSnapshot[]
}

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
  /** The registrations on the same server scope, by their whole prefix. */
  under (prefix: string): RoomsApi
}

/**
 * `fastify.rooms`: the rooms of one registration of the plugin. What may be elsewhere one day, when rooms span
 * machines, is answered by a promise today.
 */
export class RoomsApi {
  readonly #rooms: RoomRegistry
  readonly #registration: Registration

  constructor (rooms: RoomRegistry, registration: Registration) {
    this.#rooms = rooms
    this.#registration = registration
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
    return this.#rooms.apps()
  }

  /** The rooms of one application, or of all. */
  async list (app?: string): Promise<RoomSnapshot[]> {
    const apps = app === undefined ? this.#rooms.apps() : [app]
    return apps.flatMap(app => this.#rooms.in(app).map(room => this.#snapshot(room)))
  }

  /** One room, or undefined where nobody sits in it. */
  async get (app: string, room: string): Promise<RoomSnapshot | undefined> {
    const found = this.#rooms.find(app, room)
    return found === undefined ? undefined : this.#snapshot(found)
  }

  /** The peers of a room in the order in which they sat down; none where the room does not exist. */
  async peers (app: string, room: string): Promise<PeerSnapshot[]> {
    return (await this.get(app, room))?.peers ?? []
  }

  /** One peer, or undefined where it has gone. */
  async peer (id: string): Promise<PeerSnapshot | undefined> {
    const seat = this.#rooms.seat(id)
    return seat === undefined ? undefined : this.#peer(seat)
  }

  /** Everything, as plain data that `JSON.stringify` takes. */
  async dump (): Promise<RoomsDump> {
    return {
      prefix: this.prefix,
      draining: this.draining,
      connections: this.#registration.connections(),
      replayBytes: this.#rooms.replayBytes,
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
    const found = this.#rooms.find(app, room)
    found?.close(reason)
    return found !== undefined
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
    const seat = this.#rooms.seat(peer)
    seat?.room.remove(seat, reason)
    return seat !== undefined
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
    const frame = notification(room, definition, data)
    const found = this.#rooms.find(app, room)
    found?.tell(frame)
    return found !== undefined
  }

  /** As {@link send}, to one peer. */
  async sendToPeer (peer: string, definition: string, data?: unknown): Promise<boolean> {
    const seat = this.#rooms.seat(peer)
    const frame = notification(seat?.room.name ?? '', definition, data)
    seat?.room.tell(frame, seat)
    return seat !== undefined
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

  #snapshot (room: AnyRoom): RoomSnapshot {
    return {
      app: room.app,
      name: room.name,
      capacity: room.capacity,
      waiting: room.waiting,
      peers: room.seats.map(seat => this.#peer(seat))
    }
  }

  #peer (seat: Seat): PeerSnapshot {
    return {
      id: seat.id,
      state: seat.link === null ? 'absent' : 'present',
      absentFor: seat.absence?.left ?? null,
      resumable: seat.resumable,
      polite: seat.toldPolite,
      relayed: seat.relayed,
      kept: seat.kept,
      role: seat.profile.role ?? null,
      metadata: seat.profile.metadata ?? null
    }
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
