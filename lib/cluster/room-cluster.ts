import type { Clock } from '../rooms/clock.js'
import type { OwnedSeat, RoomName, SeatArbiter } from '../rooms/seat-arbiter.js'
import type { SeatHandOver } from '../rooms/seat-hand-over.js'
import type { Seat } from '../rooms/seat.js'
import type { NextNumbers } from './frame-order.js'
import type { ComeSeat, RemoteSeat, SeatRelay } from './remote-seat.js'
import type { RoomCount } from './room-count.js'
import type { RoomNews } from './room-news.js'
import type { ToldOfRoom } from './told-of-room.js'

/** What comes with a seat of another server. */
export interface MovedSeat extends SeatHandOver {
  /** Which of the frames that are sent to it comes next, of each server. */
  numbers: NextNumbers
  /** How many others its first `joined` told of. Not said by servers of earlier versions, no more than `told`. */
  peers?: number | undefined
  told?: ToldOfRoom
}

/** What a room that spans servers needs of the server that it is on. */
export interface RoomCluster extends SeatRelay {
  readonly arbiter: SeatArbiter
  readonly count: RoomCount
  /** Stands still while what decides does not answer: no window of an absent peer ends meanwhile. */
  readonly windowClock: Clock
  /** Whether what decides has lost its data, and is being told again: nobody joins meanwhile. */
  readonly isRecovering: boolean
  /** For how long, in ms, a joiner may wait for the answers of a probe: until a server that does not answer counts as dead. */
  readonly waits: number
  /** After how many ms a joiner that got no answer is to try again. */
  readonly retryAfter: number
  /** Whether a server is known to be dead: its lease has lapsed. */
  isDead (server: string): boolean
  /** Tells another server what came to a room. */
  tell (server: string, room: RoomName, news: RoomNews): void
  /** Tells another server that a peer has made an offer. */
  offered (server: string, room: RoomName, seat: string): void
  /** Asks another server whether a peer lives. Calls back once: with null where the server itself is dead. */
  probe (server: string, room: RoomName, seat: string, answer: (alive: boolean | null) => void): void
  /** Asks another server for what goes with a seat that it had, until it was given to this one. Calls back once, with null where there is nothing. */
  handOver (server: string, seat: OwnedSeat, received: number | undefined, answer: (handOver: MovedSeat | null) => void): void
  /** A seat is here: what was sent to it before may come. */
  arrived (seat: Seat): void
  /** A seat of another server goes on here. `before`: what has stood for it; undefined where it was not known. */
  tookOver (seat: ComeSeat, numbers: NextNumbers, before?: RemoteSeat): void
  /** A seat of this server is another one's now: what still comes for it goes there. */
  gaveAway (seat: Seat, server: string): void
  /** Nothing is known of a command: it may have been carried out. The room is to announce itself once there are answers again. */
  doubted (room: AnnouncingRoom): void
  failed (error: unknown): void
}

/** A room that says again which seats it has here. */
export interface AnnouncingRoom {
  readonly roomName: RoomName
  /** Whether somebody sits in it, and not only waits. */
  readonly isTaken: boolean
  announce (): void
  /** Says that this server still has it. */
  renew (): void
  /** Resolves when everything that was asked so far is answered. */
  whenIdle (): Promise<void>
}
