/** A server as the others see it: plain data. */
export interface ServerSnapshot {
  /** New each time that it starts. */
  id: string
  /** When it started, in ms since 1970. */
  since: number
  draining: boolean
  /** How many peers have a seat there, as of its last sign of life. */
  peers: number
}

/** What one server asks of another on behalf of the application: the name of what is to be done, and plain data. */
export type AskedByServer = (method: string, args: readonly unknown[]) => unknown

/** The other servers that share the rooms of this one. */
export interface OtherServers {
  /** The id of this server. */
  readonly id: string
  /** Those that are alive, this one included. */
  readonly servers: ServerSnapshot[]
  /** Asks all others at once. Resolves with what those said that answered in time. */
  askAll (method: string, args: readonly unknown[]): Promise<unknown[]>
  /** Sets who answers what the others ask. */
  answerBy (asked: AskedByServer): void
  /** What the others know of this server has changed. Resolves when they can know, and {@link servers} is as of then; or where it was in vain. */
  changed (): Promise<void>
}
