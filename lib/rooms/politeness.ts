import type { Seat } from './seat.js'

/**
 * Whether a joiner gives way to the peer that it meets when both offer at once (W3C WebRTC 1.0, section 10.7). This belongs to the two
 * together: exactly one of them is polite. A client is told once, in its `joined`, and keeps that for whoever comes next, so the joiner
 * is told the opposite of what the other was told.
 *
 * @param other undefined where the joiner is alone: then the next one gives way to it
 */
export function givesWayTo (other: Seat | undefined): boolean {
  return other !== undefined && !other.toldPolite
}
