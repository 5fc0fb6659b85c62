import * as notices from '../protocol/notices.js'
import type { StopReason } from '../protocol/server-messages.js'
import type { Farewell } from './arrivals.js'
import type { Seat } from './seat.js'
import type { SeatRow } from './seat-row.js'

/**
 * A peer leaves, and is told what its client waits for.
 *
 * @param end takes its seat out of the room
 */
export function sayLeft (seat: Seat, end: () => void): void {
  const { link, room: { name } } = seat
  // Flutter's client turns camera and microphone off at this alone. To others that left it must not be said: Android joins again
  // in the same breath, and would close its WebSocket.
  if (seat.kind === 'flutter') link?.send(notices.stop(name, 'left'))
  end()
  link?.send(notices.leaved(name))
}

/** The application puts a peer out. */
export function sayRemoved (seat: Seat, reason: string, end: () => void): void {
  const { link, room: { name } } = seat
  // An Ant Media client closes its peer connection on `stop` alone, so one that did not ask to leave gets both.
  link?.send(notices.stop(name, 'removed'))
  end()
  link?.send(notices.leaved(name, reason))
}

/** Those who stay are told that a seat has ended. */
export function sayEnded (row: SeatRow, seat: Seat, reason: StopReason, farewell: Farewell): void {
  if (farewell === 'nothing') return
  const { room: { name }, id } = seat
  if (farewell !== 'peerLeft') row.notifyOthers(seat, notices.stop(name, reason), farewell === 'harmless stop')
  row.notifyOthers(seat, notices.peerLeft(name, id, reason))
}
