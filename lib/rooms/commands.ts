import type { ClientMessage, Join, Leave, RelayedMessage, Stop } from '../protocol/client-messages.js'

/** A promise where the command is not over yet: the frames behind it wait. */
export type Handled = undefined | Promise<void>

/** Handles the commands of one client, those of one kind in one place. */
export interface CommandHandlers {
  handleJoin (message: Join): Handled
  handleLeave (message: Leave | Stop): Handled
  /** `frame` is the message as it came in, and goes out like that. */
  handleRelayed (message: RelayedMessage, frame: Buffer): Handled
  handlePing (): Handled
  handleGetIceServerConfig (): Handled
}

/** Calls the handler of a message. A command without one does not compile. */
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
