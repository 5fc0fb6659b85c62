import type { ClientMessage, Join, Leave, RelayedMessage, Stop } from '../protocol/client-messages.js'

/** A promise if the command takes longer. The frames behind it wait. */
export type Handled = undefined | Promise<void>

/** The handlers of a client's commands. Commands that are handled alike share one. */
export interface CommandHandlers {
  handleJoin (message: Join): Handled
  handleLeave (message: Leave | Stop): Handled
  /** `frame` holds the bytes of the message, which are sent on unchanged. */
  handleRelayed (message: RelayedMessage, frame: Buffer): Handled
  handlePing (): Handled
  handleGetIceServerConfig (): Handled
}

/** Calls the handler of a message. A command without a handler does not compile. */
export function dispatch (handlers: CommandHandlers, message: ClientMessage, frame: Buffer): Handled {
  switch (message.command) {
    case 'takeConfiguration':
    case 'takeCandidate':
    case 'peerMessageCommand':
      return handlers.handleRelayed(message, frame)
    case 'join':
      return handlers.handleJoin(message)
    case 'leave':
    case 'stop':
      return handlers.handleLeave(message)
    case 'ping':
      return handlers.handlePing()
    case 'getIceServerConfig':
      return handlers.handleGetIceServerConfig()
    default:
      return message satisfies never
  }
}
