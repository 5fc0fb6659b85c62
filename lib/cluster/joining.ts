import { createHash } from 'node:crypto'
import type { JoinOutcome, JoinRequest } from '../rooms/join-request.js'
import { newId } from '../rooms/new-id.js'
import type { PendingJoin } from '../rooms/pending-join.js'
import { newSecret, splitToken } from '../rooms/resume-proof.js'
import type { SeatAsk, SeatProof, SeatRecord } from '../rooms/seat-arbiter.js'
import type { SeatHolder } from '../rooms/seat.js'

/** What a joiner's server says of itself and of its rules. */
export interface AskRules {
  readonly server: string
  readonly hold: boolean
  /** Whether seats can be resumed at all. */
  readonly resumes: boolean
  readonly waits: number
  /** When the `join` came, as `SeatAsk.at`: what is asked for it again later is no newer. */
  readonly at: number | undefined
}

/** One joiner, from its `join` to the seat or the refusal. */
export class Joining {
  readonly request: JoinRequest
  readonly #pending: PendingJoin
  readonly #rules: AskRules
  #id = newId()
  #secret = newSecret()
  #proof: SeatProof
  #fresh = false
  /** Everybody in the full room was asked for a sign of life. */
  probed = false
  /** Whether it was told to wait for that. */
  waits = false
  /** How the joiner has gone, if it has: it may come back, or has said goodbye. */
  gone: 'lost' | 'left' | null = null

  constructor (pending: PendingJoin, rules: AskRules) {
    this.request = pending.request
    this.#pending = pending
    this.#rules = rules
    const { resumeToken, claim } = this.request
    const { id, secret } = resumeToken === undefined ? { id: undefined, secret: undefined } : splitToken(resumeToken)
    this.#proof = { ...(id === undefined ? {} : { id, token: hash(secret) }), ...(claim === undefined ? {} : { claim: hash(claim) }) }
  }

  /** The id of its seat, if it gets a new one. */
  get id (): string {
    return this.#id
  }

  get ask (): SeatAsk {
    const { resume, claim, capacity, kind = 'other', holder } = this.request
    const { server, hold, resumes, waits, at } = this.#rules
    return {
      server,
      connection: holder.link.id,
      id: this.#id,
      kind,
      proof: this.#proof,
      ...(resume && resumes ? { token: hash(this.#secret), ...(claim === undefined ? {} : { claim: hash(claim) }) } : {}),
      ...(capacity === undefined ? {} : { capacity }),
      hold,
      waits,
      ...(at === undefined ? {} : { at }),
      ...(this.probed ? { probed: true } : {}),
      ...(this.#fresh ? { fresh: true } : {})
    }
  }

  /** What it brings, with what was decided. */
  decided ({ id, toldPolite }: SeatRecord): JoinRequest {
    const { holder } = this.request
    // One that has gone, or was refused meanwhile, is not told of its seat, which is given up at once.
    return { ...this.request, holder: this.gone === null ? holder : silent(holder), decided: { id, toldPolite, secret: this.#secret } }
  }

  /** What the client of this seat lacks is not kept any more: it asks for a new one in place of it, which it has just been given. */
  askAnew (seat: SeatRecord): void {
    this.#proof = { id: seat.id, token: hash(this.#secret) }
    this.#fresh = true
    this.#id = newId()
    this.#secret = newSecret()
  }

  answer (outcome: JoinOutcome): void {
    this.#pending.answer(outcome)
  }

  is (pending: PendingJoin): boolean {
    return this.#pending === pending
  }
}

/** Stands for a joiner that is told nothing. */
function silent ({ link }: SeatHolder): SeatHolder {
  const { id, key, log } = link
  return {
    link: {
      id,
      key,
      log,
      open: false,
      send () {},
      probe (answer) { setImmediate(answer, false) },
      close () {},
      terminate () {},
      trace: () => link.trace(),
      logIn: (room, peer) => link.logIn(room, peer)
    },
    seated () {},
    unseated () {}
  }
}

/** What is written down of a secret. It is random, so that a plain hash is enough. */
export function hash (secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
