import type { ClientKind } from '../../../lib/rooms/client-kind.js'
import type { SeatRules } from '../../../lib/rooms/room-context.js'
import type { LivedTime } from './lived-time.js'
import type { Tally } from './occurrences.js'
import type { OracleLink } from './oracle-link.js'
import type { OracleSeat } from './oracle-seat.js'

/** What a room needs of what is around it. */
export interface Surroundings {
  rules: SeatRules
  probeTimeout: number
  time: LivedTime
  tally: Tally
  /** Runs an answer after everything that follows from the same event. */
  later: (answer: () => void) => void
  /** The server begins to close a link. */
  closing: (link: OracleLink) => void
  /** A link turned out to be dead. */
  dead: (link: OracleLink) => void
}

/** Who wants a seat. */
export interface Joiner {
  link: OracleLink
  resume: boolean
  kind: ClientKind
  claim: string | undefined
  /** The seat that its token names, whether or not it proves it. */
  named: OracleSeat | undefined
}
