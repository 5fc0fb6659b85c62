import type { ClientKind } from './client-kind.js'

/** An answer that is there at once, as memory gives it, or comes later. */
export type Answer<T> = T | Promise<T>

/** A room by its name: rooms of two applications never meet. */
export interface RoomName {
  readonly app: string
  readonly room: string
}

/** One seat as every server knows it. Times are those of whoever decides, in ms. */
export interface SeatRecord {
  readonly id: string
  /** The server whose connection the seat is reached through, or was while it is absent. */
  readonly server: string
  readonly connection: string
  /** The fencing number: it grows with each change of owner, so that a server that was cut off cannot speak for a seat that it lost. */
  readonly fence: number
  /** The place in the order in which the seats were taken. */
  readonly order: number
  readonly toldPolite: boolean
  readonly kind: ClientKind
  readonly resumable: boolean
  /** Until when an absent peer may come back; not set while the peer is present. */
  readonly until?: number
}

/** What a joiner proves a seat by: hashes alone, since what decides may be readable by others. */
export interface SeatProof {
  readonly id?: string
  readonly token?: string
  readonly claim?: string
}

/** What a server asks for a joiner. */
export interface SeatAsk {
  readonly server: string
  readonly connection: string
  /** The id of the seat, should it be a new one. It also names the joiner where it has to wait. */
  readonly id: string
  readonly kind: ClientKind
  readonly proof?: SeatProof
  /** The hash of the resume token that the joiner gets; not set where it cannot resume. */
  readonly token?: string
  /** The hash of the claim that the joiner brought. */
  readonly claim?: string
  /** Sets how many may sit in the room. */
  readonly capacity?: number
  /** Keep an absent peer's seat for its whole window. */
  readonly hold: boolean
  /** A seat of its own must be a new one: what its client lacks is not kept any more. */
  readonly fresh?: boolean
  /** Everybody who sits in the room was asked for a sign of life: decide now. */
  readonly probed?: boolean
  /** For how long, in ms, the joiner may keep its place before the seats while the others are asked. */
  readonly waits: number
  /**
   * When it was asked, by the clock of whoever decides, in ms: a claim proves no seat of a present peer that got it since by the same claim. That
   * client has come by another way, and this `join` is late. Not set where nobody knows.
   */
  readonly at?: number
}

/** A room as it is after what was asked. */
export interface RoomState {
  /** Grows with every change, also over a room that ended and began anew: of two states the one with the larger version is the later one. */
  readonly version: number
  readonly capacity: number
  /** When it was so, by the clock that `until` of a seat is from. */
  readonly now: number
  /** In the order in which they were taken. */
  readonly seats: readonly SeatRecord[]
}

/** What became of a joiner. `ended` are the seats that were given up on the way: the others are still to be told. */
export type JoinAnswer =
  | { outcome: 'seated' | 'replaced' | 'rejoined', seat: SeatRecord, ended: SeatRecord[], state: RoomState }
  | { outcome: 'resumed', seat: SeatRecord, previous: SeatRecord, ended: SeatRecord[], state: RoomState }
  | { outcome: 'wait', sitters: SeatRecord[], ended: SeatRecord[], state: RoomState }
  | { outcome: 'full', retryAfter?: number, ended: SeatRecord[], state: RoomState }

/** A seat as its owner names it. Where the number is not the current one, nothing happens. */
export interface OwnedSeat {
  readonly id: string
  readonly fence: number
}

/** A seat as its server says it again, with the hashes that prove its owner. `left`: what is left of an absent peer's window, in ms. */
export interface AnnouncedSeat extends Omit<SeatRecord, 'server' | 'until'> {
  readonly token?: string
  readonly claim?: string
  readonly left?: number
}

/** `stale`: the seat was given to another owner meanwhile, or is gone. */
export type SeatChange = { outcome: 'absent' | 'ended', seat: SeatRecord, state: RoomState } | { outcome: 'stale', state: RoomState }

/**
 * Decides who sits where. Each method is atomic for its room. Relayed messages never come here.
 *
 * Memory decides for one server, Redis for many.
 */
export interface SeatArbiter {
  /** Its own time, in ms, as far as this server knows it: see `SeatAsk.at`. */
  readonly time?: number | undefined
  join (room: RoomName, ask: SeatAsk): Answer<JoinAnswer>
  /** A joiner that waits has gone. */
  withdraw (room: RoomName, id: string): Answer<void>
  /**
   * The connection of a seat is gone: the seat waits for `window` ms, or ends where it cannot be resumed.
   *
   * @param grace for how much longer, in ms, nobody else ends it: its server does, which may have paused the window
   */
  lost (room: RoomName, seat: OwnedSeat, window: number, grace: number): Answer<SeatChange>
  /** The window of an absent peer may be over. */
  expire (room: RoomName, seat: OwnedSeat): Answer<SeatChange>
  leave (room: RoomName, seat: OwnedSeat): Answer<SeatChange>
  /**
   * A server says which seats it has: after it stood still, or after what it said may have been lost. A seat that is unknown is taken, where
   * there is room for it. One that was taken for lost is present again, if nobody has had it since. One of which the server has a later number
   * than what is kept is as the server says: the last writes were lost. One of this server's that it does not name ends. The state says what
   * came of it.
   *
   * @param known the version of the state that the server has heard last: the one that it gets now is never older
   */
  announce (room: RoomName, server: string, seats: readonly AnnouncedSeat[], capacity: number, known?: number): Answer<RoomState>
  /** The room as it is. */
  state (room: RoomName): Answer<RoomState>
  /**
   * A server still has the room: what is known of it is kept on. A room of which no server says so is forgotten after some time.
   *
   * @returns the version of its state; 0 where nothing is known of it
   */
  renew (room: RoomName): Answer<number>
}
