import { systemClock, type Clock } from './clock.js'
import { EventRecorder } from '../events.js'
import { ReplayBudget } from './replay-budget.js'
import type { JoinOutcome, JoinRequest } from './join-request.js'
import type { PendingJoin } from './pending-join.js'
import type { AnyRoom } from './any-room.js'
import type { SeatClaim } from './resume-proof.js'
import { Room } from './room.js'
import type { Refusal } from './refusal.js'
import type { RoomContext, SeatRules } from './room-context.js'
import type { RoomName } from './seat-arbiter.js'
import type { Seat, SeatRoom } from './seat.js'

/** Makes the room of this name, which begins to exist. `maxRooms`: how many the application may have on all servers. */
export type RoomMaker = (app: string, name: string, context: RoomContext, maxRooms: number) => AnyRoom

const makeOwnRoom: RoomMaker = (app, name, context) => new Room(app, name, context)

/** The application has as many rooms as it may have. */
export const TOO_MANY_ROOMS: Refusal = { refused: 'tooManyRooms', message: 'The application has as many rooms as it may have.' }

/** All rooms of one registration of the plugin, application by application. A room exists while somebody sits or waits in it. */
export class RoomRegistry {
  readonly events = new EventRecorder()
  readonly clock: Clock
  /** Joins that wait for the application or for a probe, of all participants. */
  joinsInFlight = 0
  readonly #budget: ReplayBudget
  readonly #apps = new Map<string, Map<string, AnyRoom>>()
  readonly #seats = new Map<string, Seat>()
  readonly #context: RoomContext
  readonly #makeRoom: RoomMaker
  #draining = false
  /** Pauses the window of a seat that is on another server. Returns what ends the pause. */
  pauseElsewhere: ((room: RoomName, claim: SeatClaim) => () => void) | null = null
  /** Called when nobody has a seat here any more. */
  whenEmpty: (() => void) | null = null

  /** @param makeRoom makes each room; by default one of this server alone */
  constructor (rules: SeatRules, clock: Clock = systemClock, makeRoom: RoomMaker = makeOwnRoom) {
    this.#makeRoom = makeRoom
    this.clock = clock
    this.#budget = new ReplayBudget(rules)
    const draining = (): boolean => this.#draining
    this.#context = {
      get draining () { return draining() },
      clock,
      events: this.events,
      rules,
      budget: this.#budget,
      seated: seat => this.#seats.set(seat.id, seat),
      unseated: seat => this.#unseated(seat),
      emptied: room => this.#delete(room)
    }
  }

  get draining (): boolean {
    return this.#draining
  }

  /** The bytes kept for peers that may come back, the overhead of each message included. */
  get replayBytes (): number {
    return this.#budget.bytes
  }

  /** How many peers have a seat here. */
  get size (): number {
    return this.#seats.size
  }

  apps (): string[] {
    return [...this.#apps.keys()]
  }

  in (app: string): AnyRoom[] {
    return [...this.#apps.get(app)?.values() ?? []]
  }

  find (app: string, room: string): AnyRoom | undefined {
    return this.#apps.get(app)?.get(room)
  }

  seat (id: string): Seat | undefined {
    return this.#seats.get(id)
  }

  /**
   * Takes a seat in a room. A room that does not exist is created.
   *
   * @param maxRooms how many rooms the application may have
   */
  join (app: string, name: string, request: JoinRequest, maxRooms: number): JoinOutcome | PendingJoin {
    if (this.#draining) return { refused: 'serverDraining' }
    let rooms = this.#apps.get(app)
    let room = rooms?.get(name)
    if (room === undefined) {
      if (rooms !== undefined && rooms.size >= maxRooms) {
        return TOO_MANY_ROOMS
      }
      room = this.#makeRoom(app, name, this.#context, maxRooms)
      if (rooms === undefined) this.#apps.set(app, rooms = new Map())
      rooms.set(name, room)
    }
    return room.join(request)
  }

  /**
   * Pauses the window of the seat that a joiner may prove to be its own, while the application decides whether it may come back.
   *
   * @returns a function that ends the pause; undefined where there is nothing to pause
   */
  pauseWindow (app: string, room: string, claim: SeatClaim): (() => void) | undefined {
    return this.find(app, room)?.pauseWindow(claim) ?? this.pauseElsewhere?.({ app, room }, claim)
  }

  /**
   * Ends every room and refuses new joins from now on. Nobody is told: the drain closes the connections.
   *
   * @param handsOn keeps the seats that can be resumed, until other servers ask for them
   */
  drain (handsOn = false): void {
    this.#draining = true
    for (const rooms of [...this.#apps.values()]) {
      for (const room of [...rooms.values()]) room.dissolve(handsOn)
    }
  }

  #unseated (seat: Seat): void {
    this.#seats.delete(seat.id)
    if (this.#seats.size === 0) this.whenEmpty?.()
  }

  #delete (room: SeatRoom): void {
    const rooms = this.#apps.get(room.app)
    if (rooms?.get(room.name) !== room) return
    rooms.delete(room.name)
    if (rooms.size === 0) this.#apps.delete(room.app)
  }
}
