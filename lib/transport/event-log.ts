import type { EventRecorder } from '../events.js'
import type { SafeLog } from './safe-log.js'

/**
 * Writes a line at level `debug` for each change of a seat. What was relayed is no change, and a line for each message would cost more
 * than the message.
 */
export function logEvents (events: EventRecorder, log: SafeLog): void {
  events.on('joined', event => log.debug(event, 'a peer joined'))
  events.on('started', event => log.debug(event, 'a peer was asked for an offer'))
  events.on('absent', event => log.debug(event, 'a peer is absent'))
  events.on('resumed', event => log.debug(event, 'a peer resumed its seat'))
  events.on('left', event => log.debug(event, 'a peer left'))
}
