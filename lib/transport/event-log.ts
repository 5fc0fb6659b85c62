import type { RoomEvents, EventWatcher } from '../events.js'
import type { SafeLog } from './safe-log.js'

/** What was relayed is no change of a seat, and a line for each message would cost more than the message. */
const LINES: Partial<Record<keyof RoomEvents, string>> = {
  joined: 'a peer joined',
  started: 'a peer was asked for an offer',
  absent: 'a peer is absent',
  resumed: 'a peer resumed its seat',
  left: 'a peer left'
}

/** Writes a line at level `debug` for each change of a seat. */
export class EventLog implements EventWatcher {
  readonly #log: SafeLog

  constructor (log: SafeLog) {
    this.#log = log
  }

  watches (event: keyof RoomEvents): boolean {
    return LINES[event] !== undefined && this.#log.writes('debug')
  }

  tell (event: keyof RoomEvents, about: object): void {
    this.#log.debug(about, LINES[event] ?? event)
  }
}
