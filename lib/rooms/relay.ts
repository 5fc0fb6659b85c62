import type { EventRecorder } from '../events.js'
import type { OfferTurn } from './offer-turn.js'
import type { TextFrame } from './peer-link.js'
import type { Seat } from './seat.js'
import type { SeatRow } from './seat-row.js'

/**
 * Sends a message of one peer to the others, unchanged. A message of a call that the other peer has just left is dropped.
 *
 * @returns false where nobody else sits in the room
 */
export function relay (from: Seat, frame: TextFrame, command: string, row: SeatRow, offers: OfferTurn, events: EventRecorder): boolean {
  from.relayed++
  if (row.seats.length < 2) return command !== 'peerMessageCommand' && offers.mayCross
  row.toOthers(from, frame)
  // A listener that was told of an absent peer's loss may have put the sender out.
  if (!from.over) events.relayed(from, command, frame.length)
  return true
}
