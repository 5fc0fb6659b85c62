import { codeOf, commitmentTo } from './verification-code.js'

/**
 * What two of this SDK tell each other over the data channel. The side that made the first offer commits itself to a nonce; the other one
 * may `ask` for that. `commitment` names the exchange in each message of it, so that one of an exchange that was given up is recognised.
 */
export type VerificationMessage =
  | { command: 'verification', step: 'ask' }
  | { command: 'verification', step: 'commit', commitment: string }
  | { command: 'verification', step: 'answer' | 'open', commitment: string | null, nonce: string }

export interface ExchangeSettings {
  /** Whether this side made the first offer of the session. */
  initiator: boolean
  /** A new nonce, of 128 random bits. */
  secret: () => string
  send: (message: VerificationMessage) => void
  /** There is a code. */
  handleCode: (code: string) => void
  /** The other side opened something else than what it had committed itself to. */
  handleFraud: () => void
}

/** One exchange, as far as it has come. */
interface Round {
  /** `null` until it is made. */
  commitment: string | null
  nonce: string
  complete: boolean
}

/**
 * How many exchanges one session may have. Each gives whoever is in the middle one guess, taken or given up, and an honest call needs one
 * or two.
 */
const MAX_ROUNDS = 8

/**
 * The exchange of the nonces in one session. As in ZRTP (RFC 6189, section 4.2), one side commits itself before it sees the other's nonce,
 * and opens the commitment after. So nobody can choose certificate or nonce by the code that comes of it.
 *
 * The session's data channel carries it: in order, without loss, and from this connection's other end alone. A new exchange takes the
 * place of an unfinished one, and nothing is waited for by a timer.
 */
export class VerificationExchange {
  readonly #settings: ExchangeSettings
  /** The certificates of this side and of the other, of which the code is to tell. */
  #fingerprints: readonly [string, string] = ['', '']
  #round: Round | null = null
  #rounds = 0

  constructor (settings: ExchangeSettings) {
    this.#settings = settings
  }

  /** Other certificates are in force: what has begun is given up. */
  handleFingerprints (ours: string, theirs: string): void {
    this.#fingerprints = [ours, theirs]
    this.#round = null
  }

  /** Begins, or begins anew. */
  begin (): void {
    if (this.#settings.initiator) void this.#commit()
    else this.#settings.send({ command: 'verification', step: 'ask' })
  }

  /** Takes a message, unchecked. One that has no place here is ignored. */
  receive (message: Record<string, unknown>): void {
    const { step, commitment, nonce } = message
    const { initiator } = this.#settings
    const round = this.#round
    const mine = round !== null && round.commitment === commitment
    if (initiator && step === 'ask') void this.#commit()
    else if (!initiator && step === 'commit' && typeof commitment === 'string' && !mine) this.#answer(commitment)
    else if (mine && step === (initiator ? 'answer' : 'open') && typeof nonce === 'string') void this.#complete(round, nonce)
  }

  /** Nothing more comes of it. */
  end (): void {
    this.#round = null
    this.#rounds = MAX_ROUNDS
  }

  #start (commitment: string | null): Round | null {
    if (this.#rounds >= MAX_ROUNDS) return null
    this.#rounds++
    this.#round = { commitment, nonce: this.#settings.secret(), complete: false }
    return this.#round
  }

  async #commit (): Promise<void> {
    const round = this.#start(null)
    if (round === null) return
    const commitment = await commitmentTo(round.nonce)
    if (round !== this.#round) return
    round.commitment = commitment
    this.#settings.send({ command: 'verification', step: 'commit', commitment })
  }

  #answer (commitment: string): void {
    const round = this.#start(commitment)
    if (round !== null) this.#settings.send({ command: 'verification', step: 'answer', commitment, nonce: round.nonce })
  }

  async #complete (round: Round, nonce: string): Promise<void> {
    const { initiator, send, handleCode, handleFraud } = this.#settings
    const [ours, theirs] = this.#fingerprints
    if (round.complete) return
    round.complete = true
    if (initiator) send({ command: 'verification', step: 'open', commitment: round.commitment, nonce: round.nonce })
    const honest = initiator || await commitmentTo(nonce) === round.commitment
    const code = await codeOf(initiator
      ? { fingerprints: [ours, theirs], nonces: [round.nonce, nonce] }
      : { fingerprints: [theirs, ours], nonces: [nonce, round.nonce] })
    if (round !== this.#round) return
    if (honest) return handleCode(code)
    this.end()
    handleFraud()
  }
}
