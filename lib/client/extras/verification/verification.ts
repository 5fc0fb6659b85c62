import type { PeerSession } from '../../call/peer-session.js'
import type { Extra, ExtraContext } from '../extra.js'
import { fingerprintsOf } from './fingerprints.js'
import { VerificationExchange } from './verification-exchange.js'

/** The code of the call that there is: when the two begin, what it is of, and who is told. */
class Verification implements Extra {
  readonly #context: ExtraContext
  readonly #ends: Array<() => void>
  #session: PeerSession | null = null
  #exchange: VerificationExchange | null = null
  /** The certificates that the code tells of, or will. */
  #fingerprints = ''
  #begun = false
  #endAgreed = () => {}

  constructor (context: ExtraContext) {
    this.#context = context
    const { current } = context
    const look = () => this.#look()
    this.#ends = [
      current.on('session', session => this.#handleSession(session)),
      current.on('channel', () => {
        this.#begun = this.#session?.verificationCode !== null
        look()
      }),
      // Behind another certificate there is another handshake, whatever description brought it, a provisional answer too.
      current.on('state', look)
    ]
    this.#handleSession(current.session)
  }

  receive (data: unknown): void {
    this.#look()
    this.#exchange?.receive(data as Record<string, unknown>)
  }

  close (): void {
    for (const end of this.#ends) end()
    this.#handleSession(null)
  }

  #handleSession (session: PeerSession | null): void {
    this.#endAgreed()
    this.#tell(null)
    this.#exchange?.end()
    this.#session = session
    this.#exchange = null
    this.#fingerprints = ''
    if (session === null) return
    this.#exchange = this.#newExchange(session)
    this.#endAgreed = session.negotiation.on('agreed', () => this.#look())
    this.#look()
  }

  /** Gives up the code of other certificates than those in force, and begins where a code can be had. */
  #look (): void {
    const [session, exchange] = [this.#session, this.#exchange]
    if (session === null || exchange === null) return
    const { localDescription, remoteDescription } = session.peerConnection
    const [ours, theirs] = [fingerprintsOf(localDescription), fingerprintsOf(remoteDescription)]
    if (`${ours} ${theirs}` !== this.#fingerprints) {
      this.#fingerprints = `${ours} ${theirs}`
      this.#begun = false
      this.#tell(null)
      exchange.handleFingerprints(ours, theirs)
    }
    // Only a secure context has `crypto.subtle` (W3C Web Cryptography, section 10), and on a page that is none nothing is proved.
    if (this.#begun || ours === '' || theirs === '' || session.peer !== 'ours' || session.dataChannel === undefined || crypto.subtle === undefined) return
    this.#begun = true
    exchange.begin()
  }

  #newExchange (session: PeerSession): VerificationExchange {
    const { environment, announcer, AdaptorError } = this.#context
    return new VerificationExchange({
      initiator: session.initiator,
      secret: () => environment.secret(),
      send: message => session.dataChannel?.send(JSON.stringify(message)),
      handleCode: code => this.#tell(code),
      handleFraud: () => {
        this.#tell(null)
        announcer.report(new AdaptorError('verificationFailed', 'The other side has told another number than the one that it had committed itself to.'))
      }
    })
  }

  #tell (code: string | null): void {
    const session = this.#session
    if (session === null || session.verificationCode === code) return
    session.verificationCode = code
    this.#context.announcer.tell('verification_code_changed', { streamId: this.#context.room(), code })
  }
}

export default function createVerification (context: ExtraContext): Extra {
  return new Verification(context)
}
