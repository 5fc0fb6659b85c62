/** A message of the signalling, as it goes to the server or comes from it. */
export interface SignallingMessage {
  direction: 'sent' | 'received'
  /** The frame's JSON, with everything that is in it: SDP, addresses, tokens and credentials too. */
  message: unknown
}
