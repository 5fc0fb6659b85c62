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
  /** When an absent peer's seat is given up; not set while the peer is present. */
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
}

/** What became of a joiner. `ended` are the seats that were given up on the way: the others are still to be told. */
export type JoinAnswer =
  | { outcome: 'seated' | 'replaced' | 'rejoined', seat: SeatRecord, others: SeatRecord[], ended: SeatRecord[] }
  | { outcome: 'resumed', seat: SeatRecord, previous: SeatRecord, others: SeatRecord[], ended: SeatRecord[] }
  | { outcome: 'wait', sitters: SeatRecord[], ended: SeatRecord[] }
  | { outcome: 'full', retryAfter?: number, ended: SeatRecord[] }

/** A seat as its owner names it. Where the number is not the current one, nothing happens. */
export interface OwnedSeat {
  readonly id: string
  readonly fence: number
}

/** `stale`: the seat was given to another owner meanwhile, or is gone. */
export type SeatChange = { outcome: 'absent' | 'ended' | 'present', seat: SeatRecord } | { outcome: 'stale' }

/**
 * Decides who sits where. Each method is atomic for its room. Relayed messages never come here.
 *
 * Memory decides for one server, Redis for many.
 */
export interface SeatArbiter {
  join (room: RoomName, ask: SeatAsk): Answer<JoinAnswer>
  /** A joiner that waits has gone. */
  withdraw (room: RoomName, id: string): Answer<void>
  /** The connection of a seat is gone: the seat waits for `window` ms, or ends where it cannot be resumed. */
  lost (room: RoomName, seat: OwnedSeat, window: number): Answer<SeatChange>
  /** The window of an absent peer may be over. */
  expire (room: RoomName, seat: OwnedSeat): Answer<SeatChange>
  /** A server that was taken for dead is back, and the connection of a seat with it: `seat` bears the number from before. */
  revive (room: RoomName, seat: OwnedSeat): Answer<SeatChange>
  leave (room: RoomName, seat: OwnedSeat): Answer<SeatChange>
  /** The application puts a peer out, whoever owns its seat now. */
  remove (room: RoomName, id: string): Answer<SeatChange>
  /** The seats of a room in their order. */
  seats (room: RoomName): Answer<SeatRecord[]>
}
