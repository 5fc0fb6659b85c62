import { byteLength } from '../signalling/frames.js'
import { Heart } from './heart.js'
import { MessageSender } from './message-sender.js'
import { Pace } from './pace.js'
import { Retry } from './retry.js'
import type { SignallingContext } from './signalling-context.js'

/** Keeps the signalling alive, and gives it what a call can begin without: messages that are sent once and no faster than the server takes them. */
export class SignallingGuard {
  readonly heart: Heart
  readonly sender: MessageSender
  readonly #retry: Retry

  constructor (context: SignallingContext) {
    const { environment, signalling } = context
    const pace = new Pace(environment)
    signalling.connection.on('sent', text => pace.handleSent(byteLength(text)))
    signalling.on('lost', () => pace.handleLoss())
    const heart = this.heart = new Heart(context)
    heart.on('ping', () => pace.handlePing())
    heart.on('pong', () => pace.handlePong())
    signalling.sender = this.sender = new MessageSender(context, pace, heart)
    const { roomJoin } = signalling
    roomJoin.retry = this.#retry = new Retry(context, pace)
    if (roomJoin.leaveRefusal !== null && roomJoin.phase === 'leaving') roomJoin.leaveLater(roomJoin.leaveRefusal)
  }

  close (): void {
    this.heart.stop()
    this.sender.close()
    this.#retry.stop()
  }
}
