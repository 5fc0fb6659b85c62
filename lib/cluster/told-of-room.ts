import type { RoomState } from '../rooms/seat-arbiter.js'
import type { Seat } from '../rooms/seat.js'

/**
 * What a client was told of who sits in its room. It goes with its seat to another server, which knows more by then: otherwise this one would
 * know that the seat is not its own any more.
 */
export interface ToldOfRoom {
  /** The seats of the others. */
  readonly others: readonly string[]
  /** Those that have ended, which the other server may not know yet: it is told so in any case. */
  readonly ended: readonly string[]
}

/** The seats of which a client was not told that they are there, and those of which it was not told that they have ended. */
export interface NotTold {
  readonly come: readonly string[]
  readonly gone: readonly string[]
}

const NOTHING: NotTold = { come: [], gone: [] }

/** @param seats those that the server of the client has */
export function toldTo (client: Seat, seats: readonly Seat[], state: RoomState): ToldOfRoom {
  const isThere = (id: string): boolean => seats.some(seat => seat.id === id)
  return {
    others: seats.flatMap(({ id }) => id === client.id ? [] : id),
    ended: state.seats.flatMap(({ id }) => isThere(id) ? [] : id)
  }
}

/**
 * @param told undefined where the server that the client comes from does not say it, as those of earlier versions
 * @param client the id of its seat
 * @param seats those that the server has to which it comes
 */
export function notTold (told: ToldOfRoom | undefined, client: string, seats: readonly Seat[]): NotTold {
  if (told === undefined) return NOTHING
  const { others, ended } = told
  return {
    come: seats.flatMap(({ id }) => id === client || others.includes(id) || ended.includes(id) ? [] : id),
    gone: others.filter(other => !seats.some(({ id }) => id === other))
  }
}
