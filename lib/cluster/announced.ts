import type { AnnouncedSeat, SeatRecord } from '../rooms/seat-arbiter.js'
import type { Seat } from '../rooms/seat.js'
import { hash } from './joining.js'

/** What its server says of a seat, where it may have been forgotten. */
export function announced (seat: Seat, record: SeatRecord | undefined): AnnouncedSeat {
  const { id, connection, toldPolite, kind, resumable, absence, proof } = seat
  const { token = null, claim = null } = proof?.secrets ?? {}
  return {
    id,
    connection,
    toldPolite,
    kind,
    resumable,
    fence: record?.fence ?? 0,
    order: record?.order ?? 0,
    ...(token === null ? {} : { token: hash(token) }),
    ...(claim === null ? {} : { claim: hash(claim) }),
    ...(absence === null ? {} : { left: absence.left })
  }
}
