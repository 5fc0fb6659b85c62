/** What a server hands over with a seat that goes on on another one. */
export interface SeatHandOver {
  relayed: number
  refused: number
  /** The number of the first message that is handed over. */
  first: number
  /** The messages that the client has not received. */
  missed: string[]
}
