import { EventEmitter } from 'node:events'
import type { CloseReason, ErrorDefinition } from './protocol/codes.js'
import type { StopReason } from './protocol/server-messages.js'

/** Where something happened. */
export interface Place {
  app: string
  room: string
  /** The peer's id; new for each seat, kept over resumptions. */
  peer: string
  /** The id of the connection that the peer is reached through, or was while it is absent: as in the log, and as `peer` of `authorize`. */
  connection: string
  /** The id of the server that saw it, where rooms span servers; each event has it then. */
  server?: string
}

/**
 * Why a connection has ended. The server closed it: one of the reasons of its close codes. `client`: its client closed it. `lost`: TCP
 * ended without a close frame. `unresponsive`: it was cut off, since its client did not answer a ping or a close frame in time.
 * `notReading`: it was cut off, since its client did not read what it was sent.
 */
export type DisconnectReason = CloseReason | 'client' | 'lost' | 'unresponsive' | 'notReading'

/** What `fastify.rooms` tells, by the event's name. Listeners run at once, in the order of what happens. */
export interface RoomEvents {
  /** A peer took a seat; `peers` is how many sit there now. */
  joined: [event: Place & { peers: number }]
  /** A peer's seat is gone, and why. */
  left: [event: Place & { reason: StopReason, peers: number }]
  /** A room is complete: `peer`, who sat there first, was asked for an offer. */
  started: [event: Place]
  /** A peer lost its socket, and its seat waits for it; `window` is for how long, in ms. */
  absent: [event: Place & { window: number }]
  /** A peer took its seat back; `replayed` is how many kept messages it got. */
  resumed: [event: Place & { replayed: number }]
  /** A message went from `peer` to the others. */
  relayed: [event: Place & { command: string, bytes: number }]
  /** Something was answered by an `error`. `room` is absent where the message named none. */
  refused: [event: { app: string, room?: string, definition: ErrorDefinition, message: string, server?: string }]
  /** A WebSocket was opened; `connection` is its id, as in the log, and as `peer` of `authorize`. */
  connected: [event: { app: string, connection: string, server?: string }]
  /** A WebSocket is closed: by which code (RFC 6455 section 7.4.1; 1006 without a close frame), why, and after how long, in ms. */
  disconnected: [event: { app: string, connection: string, code: number, reason: DisconnectReason, duration: number, server?: string }]
  /**
   * A WebSocket handshake was answered by an HTTP error, by us or by a hook of the host. `code` is that of the error, where it has one.
   * Not told: what is no handshake by RFC 6455 section 4.2.1, and what comes once the app closes, before any hook.
   */
  upgradeRefused: [event: { app: string, status: number, code?: string, server?: string }]
}

type RoomListener<E extends keyof RoomEvents> = (...args: RoomEvents[E]) => void

/** Writes lines about one connection, or about one peer of it. Never throws. */
export interface Logger {
  debug (about: object, message: string): void
  error (about: object, message: string): void
}

/** What an event comes from. */
interface EventSource {
  /** Made where it is asked for. */
  readonly log: Logger
}

/** A seat, as far as an event names it. */
interface NamedSeat extends EventSource {
  readonly id: string
  readonly connection: string
  readonly room: { readonly app: string, readonly name: string }
}

/** A connection, as far as an event names it. */
interface NamedConnection extends EventSource {
  readonly app: string
  /** Made where it is asked for. */
  readonly id: string
}

/**
 * Records what happens, one method for each event: tells the listeners of the application, and writes a line for each change of a seat.
 * A message that is relayed is no change, and a line would cost more than the message. An event that nobody listens to is not even put
 * together. The listeners' mistakes are their own: one that throws disturbs no call.
 */
export class EventRecorder {
  readonly #emitter = new EventEmitter()
  /** The id of this server, where rooms span servers. */
  server: string | undefined

  on<E extends keyof RoomEvents> (event: E, listener: RoomListener<E>): void {
    this.#emitter.on(event, listener as (...args: unknown[]) => void)
  }

  once<E extends keyof RoomEvents> (event: E, listener: RoomListener<E>): void {
    this.#emitter.once(event, listener as (...args: unknown[]) => void)
  }

  off<E extends keyof RoomEvents> (event: E, listener: RoomListener<E>): void {
    this.#emitter.off(event, listener as (...args: unknown[]) => void)
  }

  joined (seat: NamedSeat, peers: number): void {
    seat.log.debug({ peers }, 'a peer joined')
    if (this.#isHeard('joined')) this.#tell(seat, 'joined', { ...placeOf(seat), peers })
  }

  left (seat: NamedSeat, reason: StopReason, peers: number): void {
    seat.log.debug({ reason, peers }, 'a peer left')
    if (this.#isHeard('left')) this.#tell(seat, 'left', { ...placeOf(seat), reason, peers })
  }

  started (seat: NamedSeat): void {
    seat.log.debug({}, 'a peer was asked for an offer')
    if (this.#isHeard('started')) this.#tell(seat, 'started', placeOf(seat))
  }

  absent (seat: NamedSeat, window: number): void {
    seat.log.debug({ window }, 'a peer is absent')
    if (this.#isHeard('absent')) this.#tell(seat, 'absent', { ...placeOf(seat), window })
  }

  resumed (seat: NamedSeat, replayed: number): void {
    seat.log.debug({ replayed }, 'a peer resumed its seat')
    if (this.#isHeard('resumed')) this.#tell(seat, 'resumed', { ...placeOf(seat), replayed })
  }

  relayed (seat: NamedSeat, command: string, bytes: number): void {
    if (this.#isHeard('relayed')) this.#tell(seat, 'relayed', { ...placeOf(seat), command, bytes })
  }

  refused (source: EventSource, app: string, room: string | undefined, definition: ErrorDefinition, message: string): void {
    if (this.#isHeard('refused')) this.#tell(source, 'refused', { app, ...(room === undefined ? {} : { room }), definition, message })
  }

  connected (connection: NamedConnection): void {
    if (this.#isHeard('connected')) this.#tell(connection, 'connected', { app: connection.app, connection: connection.id })
  }

  disconnected (connection: NamedConnection, code: number, reason: DisconnectReason, duration: number): void {
    if (!this.#isHeard('disconnected')) return
    this.#tell(connection, 'disconnected', { app: connection.app, connection: connection.id, code, reason, duration })
  }

  upgradeRefused (source: EventSource, app: string, status: number, code: string | undefined): void {
    if (this.#isHeard('upgradeRefused')) this.#tell(source, 'upgradeRefused', { app, status, ...(code === undefined ? {} : { code }) })
  }

  #isHeard (event: keyof RoomEvents): boolean {
    return this.#emitter.listenerCount(event) > 0
  }

  #tell<E extends keyof RoomEvents> (source: EventSource, event: E, ...args: RoomEvents[E]): void {
    if (this.server !== undefined) Object.assign(args[0], { server: this.server })
    // One by one, since emit() stops at the first that throws; the raw ones, since those of once() take themselves off.
    for (const listener of this.#emitter.rawListeners(event)) {
      try {
        const outcome: unknown = listener(...args)
        // Nobody else waits for an async listener, and a rejection that nobody hears ends the process.
        if (outcome instanceof Promise) outcome.catch((error: unknown) => reportFailure(source, event, error))
      } catch (error) {
        reportFailure(source, event, error)
      }
    }
  }
}

function reportFailure ({ log }: EventSource, event: keyof RoomEvents, error: unknown): void {
  log.error({ err: error, event }, 'a listener of fastify.rooms threw')
}

function placeOf ({ id, room, connection }: NamedSeat): Place {
  return { app: room.app, room: room.name, peer: id, connection }
}
