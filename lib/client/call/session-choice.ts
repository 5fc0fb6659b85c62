import type { PeerKind } from './peer-session.js'

/**
 * The session that this side has, as far as the choice depends on it.
 *
 * @internal
 */
export interface KnownSession {
  id: string
  peer: PeerKind
  /** This side made the first offer, and no answer has come. */
  unanswered: boolean
  /** The origin of the other side's last description; `null` where none has come. */
  origin: string | null
}

/**
 * An offer that came from the other side.
 *
 * @internal
 */
export interface IncomingOffer {
  /** The session that it names; clients of another make name none. */
  id: string | undefined
  /** It is the first one of a new peer connection. */
  fresh: boolean
  /** The origin of its description. */
  origin: string
}

/**
 * What becomes of an offer: `current` takes it on the session that is there, `replace` on a new one, `ignore` drops it, and
 * `unknown` drops it and tells the other side that its session is not known here.
 */
export type OfferChoice = 'current' | 'replace' | 'ignore' | 'unknown'

/** Chooses the session that an offer belongs to. `polite`: this side yields where two new peer connections are offered at once. */
export function chooseSession (current: KnownSession | null, offer: IncomingOffer, polite: boolean): OfferChoice {
  if (offer.id === undefined) {
    // Without a name the `o=` line tells: it is the same in all descriptions of one RTCPeerConnection.
    return current !== null && current.peer !== 'ours' && current.origin === offer.origin ? 'current' : 'replace'
  }
  if (offer.id === current?.id) return 'current'
  const unanswered = current?.unanswered === true
  // Where our own fresh offer is under way, that one decides.
  if (!offer.fresh) return unanswered ? 'ignore' : 'unknown'
  // Two fresh peer connections offered at once: the same rule as for two offers on one.
  return unanswered && !polite ? 'ignore' : 'replace'
}

/** Whether an answer or a candidate that names `id`, or none, belongs to the session that is there. */
export function belongsTo (current: Pick<KnownSession, 'id' | 'peer'>, id: string | undefined): boolean {
  return id === undefined ? current.peer !== 'ours' : id === current.id
}
