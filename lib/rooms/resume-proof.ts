import { randomBytes, timingSafeEqual } from 'node:crypto'

const SECRET_BYTES = 24

/** What a joiner presents to have a seat back. */
export interface SeatClaim {
  readonly resumeToken?: string | undefined
  /** A secret of the client's own, the same in every join until it has seen a `joined`. */
  readonly claim?: string | undefined
}

/** What the owner of one seat proves itself by. Comparing takes the same time for every wrong secret. */
export class ResumeProof {
  #secret: Buffer | null = null
  #claim: Buffer | null = null

  /** Makes a new resume token: the seat's id, which finds it, and a secret, which proves the owner. The one before it is void. */
  issueToken (id: string): string {
    this.#secret = randomBytes(SECRET_BYTES)
    return `${id}.${this.#secret.toString('base64url')}`
  }

  /** Whether `secret` is that of the last token. */
  matchesToken (secret: string): boolean {
    if (this.#secret === null) return false
    const given = Buffer.from(secret, 'base64url')
    return given.length === SECRET_BYTES && timingSafeEqual(given, this.#secret)
  }

  /** Remembers the secret by which a client can prove itself should the token that it is given now never reach it. */
  setClaim (claim: string | undefined): void {
    this.#claim = claim === undefined ? null : Buffer.from(claim)
  }

  /** Whether `claim` is that of the join that led to the last token. */
  matchesClaim (claim: string): boolean {
    if (this.#claim === null) return false
    const given = Buffer.from(claim)
    return given.length === this.#claim.length && timingSafeEqual(given, this.#claim)
  }
}

/** Splits a resume token into the seat's id and the secret. */
export function splitToken (token: string): { id: string, secret: string } {
  const dot = token.indexOf('.')
  return dot === -1 ? { id: token, secret: '' } : { id: token.slice(0, dot), secret: token.slice(dot + 1) }
}
