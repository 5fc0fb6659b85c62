import { LivedTime, type Moment } from './lived-time.js'
import type { OracleSeat } from './oracle-seat.js'

/** Who was asked for an offer and has made none since, and when. */
export class OracleOffer {
  asked: OracleSeat | null = null
  at: Moment = LivedTime.NEVER

  ask (seat: OracleSeat, at: Moment): void {
    this.asked = seat
    this.at = at
  }

  forget (): void {
    this.asked = null
  }
}
