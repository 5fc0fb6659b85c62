import * as notices from '../protocol/notices.js'
import type { AnyRoom } from '../rooms/any-room.js'
import type { RoomRegistry } from '../rooms/room-registry.js'
import type { Seat } from '../rooms/seat.js'
import type { PartialRoom, PeerSnapshot } from './room-snapshots.js'

/** What a server says of itself for `dump()`. */
export interface ServerTotals {
  connections: number
  replayBytes: number
}

/** The rooms of this server, as far as an application, here or on another server, may see and change them. All in and out is plain data. */
export class OwnRooms {
  readonly #rooms: RoomRegistry
  readonly #connections: () => number
  readonly #server: string | undefined

  /** @param server the id of this server, where rooms span servers */
  constructor (rooms: RoomRegistry, connections: () => number, server?: string) {
    this.#rooms = rooms
    this.#connections = connections
    this.#server = server
  }

  apps (): string[] {
    return this.#rooms.apps()
  }

  list (app: string | null): PartialRoom[] {
    const apps = app === null ? this.#rooms.apps() : [app]
    return apps.flatMap(app => this.#rooms.in(app).map(room => this.#snapshot(room)))
  }

  get (app: string, room: string): PartialRoom | null {
    const found = this.#rooms.find(app, room)
    return found === undefined ? null : this.#snapshot(found)
  }

  peer (id: string): PeerSnapshot | null {
    const seat = this.#rooms.seat(id)
    return seat === undefined ? null : this.#peer(seat)
  }

  totals (): ServerTotals {
    return { connections: this.#connections(), replayBytes: this.#rooms.replayBytes }
  }

  close (app: string, room: string, reason: string): boolean {
    const found = this.#rooms.find(app, room)
    found?.close(reason)
    return found !== undefined
  }

  remove (peer: string, reason: string): boolean {
    const seat = this.#rooms.seat(peer)
    seat?.room.remove(seat, reason)
    return seat !== undefined
  }

  send (app: string, room: string, frame: string): boolean {
    const found = this.#rooms.find(app, room)
    found?.tell(frame)
    return found !== undefined
  }

  sendToPeer (peer: string, definition: string, data?: unknown): boolean {
    const seat = this.#rooms.seat(peer)
    seat?.room.tell(notices.ofApplication(seat.room.name, definition, data), seat)
    return seat !== undefined
  }

  /** Does what another server asks for. */
  handle (method: string, args: readonly unknown[]): unknown {
    switch (method) {
      case 'apps': case 'list': case 'get': case 'peer': case 'totals': case 'close': case 'remove': case 'send': case 'sendToPeer':
        return (this[method] as (...args: unknown[]) => unknown)(...args)
      // A later version of this server may ask for more.
      default: return null
    }
  }

  #snapshot (room: AnyRoom): PartialRoom {
    return {
      app: room.app,
      name: room.name,
      capacity: room.capacity,
      waiting: room.waiting,
      peers: room.seats.flatMap(seat => seat.isHere ? this.#peer(seat) : []),
      order: room.seats.map(({ id }) => id)
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
      metadata: seat.profile.metadata ?? null,
      ...(this.#server === undefined ? {} : { server: this.#server })
    }
  }
}
