import { createHmac } from 'node:crypto'

export interface CredentialRequest {
  /** What the TURN server shares with us. Of several, the first issues; the others are for the server to accept still. */
  secret: string | readonly string[]
  /** Who it is for. It tells users apart in the TURN server's log and quotas and proves nothing. */
  user: string
  /** For how many seconds a new allocation may be made with it. */
  ttl: number
  /** The HMAC's hash. coturn 4.6 knows `sha1` alone; other servers have moved on. @default 'sha1' */
  algorithm?: 'sha1' | 'sha256'
  /** The time of day in ms (`Date.now()`): the TURN server compares it with its own clock. */
  now: number
}

export interface TurnCredentials {
  username: string
  credential: string
  /** In seconds. */
  ttl: number
}

// RFC 8489 section 14.3: USERNAME has fewer than 509 bytes. Ten digits and a colon come before the user.
const MAX_USER_LENGTH = 480

/**
 * Time-limited credentials in the manner of the TURN REST API (draft-uberti-behave-turn-rest-00): the username is
 * the moment of expiry in seconds since 1970, a colon, and the user; the password is the base64 of the username's
 * HMAC under the shared secret. The TURN server checks both without asking anyone.
 *
 * Of the user, every byte of its UTF-8 except A-Z a-z 0-9 _ . ~ - @ is percent-encoded. So no colon of its own can
 * be taken for the separator, the OpaqueString profile (RFC 8265) finds nothing to change on one side only, and two
 * users never become one. An empty user gives the moment alone, as the draft allows.
 *
 * @throws RangeError where there is no secret, `ttl` is not a positive number of seconds, or the user is too long.
 */
export function issueCredentials ({ secret, user, ttl, algorithm = 'sha1', now }: CredentialRequest): TurnCredentials {
  const key = typeof secret === 'string' ? secret : secret[0]
  if (!key) throw new RangeError('TURN credentials need a secret.')
  if (!Number.isSafeInteger(ttl) || ttl < 1) throw new RangeError('The ttl of TURN credentials must be a whole number of seconds, at least 1.')
  const name = encodeUser(user)
  if (name.length > MAX_USER_LENGTH) throw new RangeError(`The user of TURN credentials must not be longer than ${MAX_USER_LENGTH} bytes once percent-encoded.`)
  const expiry = Math.floor(now / 1000) + ttl
  const username = name === '' ? `${expiry}` : `${expiry}:${name}`
  return { username, credential: createHmac(algorithm, key).update(username).digest('base64'), ttl }
}

function encodeUser (user: string): string {
  // toString of a Buffer per byte, and not encodeURIComponent, which throws on half a surrogate pair.
  return user.replace(/[^A-Za-z0-9_.~@-]+/g, run => {
    let encoded = ''
    for (const byte of Buffer.from(run)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    return encoded
  })
}
