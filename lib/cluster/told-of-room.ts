import type { RoomState } from '../rooms/seat-arbiter.js'
import type { Seat } from '../rooms/seat.js'
import type { SharedRow } from './shared-row.js'

/**
 * What a client was told of who sits in its room. It goes with its seat to another server, which knows more by then: otherwise this one would
 * know that the seat is not its own any more.
 */
export interface ToldOfRoom {
  /** The seats of the others. */
  readonly others: readonly string[]
  /** Those that have ended, which the other server may not know yet: it is told so in any case. */
  readonly ended: readonly string[]
  /** Those that ended lately, of which the other server may never have known. Servers of earlier versions do not say it. */
  readonly left?: readonly string[]
}

/** The seats of which a client was not told that they are there, and those of which it was not told that they have ended. */
export interface NotTold {
  readonly come: readonly string[]
  readonly gone: readonly string[]
  /** Those that are there, and of which it was told that they have ended: it is not told so again. */
  readonly ending: readonly string[]
  /** Those that are not there, and of which it knows so or is told now: something that they have said may still come. */
  readonly left: readonly string[]
}

const NOTHING: NotTold = { come: [], gone: [], ending: [], left: [] }

/** @param row the seats that the server of the client has */
export function toldTo (client: Seat, row: SharedRow, state: RoomState): ToldOfRoom {
  const others = row.seats.flatMap(seat => seat === client || row.knowsEnd(client, seat) ? [] : seat.id)
  return {
    others,
    ended: state.seats.flatMap(({ id }) => id === client.id || others.includes(id) ? [] : id),
    left: row.left
  }
}

/**
 * @param told undefined where the server that the client comes from does not say it, as those of earlier versions
 * @param client the id of its seat
 * @param seats those that the server has to which it comes
 */
export function notTold (told: ToldOfRoom | undefined, client: string, seats: readonly Seat[]): NotTold {
  if (told === undefined) return NOTHING
  const { others, ended, left = [] } = told
  const gone = others.filter(other => !seats.some(({ id }) => id === other))
  return {
    come: seats.flatMap(({ id }) => id === client || others.includes(id) || ended.includes(id) ? [] : id),
    gone,
    left: [...left, ...gone],
    ending: seats.flatMap(({ id }) => ended.includes(id) ? id : [])
  }
}
