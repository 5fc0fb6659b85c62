/** Told of each message of another server, in the order in which that server sent them, each once. */
export type BackplaneListener = (from: string, message: string) => void

/** Carries messages between servers. What goes to a socket of the same server never comes here. */
export interface Backplane {
  /**
   * Sends a message to one server, behind those that were sent to it before.
   *
   * @param isFrame of a peer. What servers say themselves, and do not say again, has more room
   * @returns false where as much waits as may: the message is dropped
   */
  send (to: string, message: string, isFrame?: boolean): boolean
  /** Resolves when what was sent so far is where the others read it: what another server sends from then on comes behind it. */
  written (): Promise<void>
  /** Ends it: what waits is dropped, and nobody is told of anything any more. */
  close (): void
}
