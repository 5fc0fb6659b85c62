import { numberOf, textOf, type Frame } from '../signalling/frames.js'
import type { Kind } from '../media/local-track.js'
import { orderOf } from './descriptions.js'
import { KINDS } from './transceivers.js'

/** Maximum candidates kept before the first offer. No browser gathers as many. */
const MAX_EARLY = 200

/** The two peers of a room, as far as the server and the other side's messages tell. */
export class Pair {
  #polite = true
  #politeKnown = false
  #present = false
  #awaitingOffer = false
  #early: RTCIceCandidateInit[] = []
  #order = KINDS

  /** Whether this side yields when two offers collide. */
  get polite (): boolean {
    return this.#polite
  }

  /** Whether the other peer is there, by what the server says or by a description of its own. */
  get present (): boolean {
    return this.#present
  }

  /** Whether this side came second, and so makes no offer before the first one has come. */
  get awaitingOffer (): boolean {
    return this.#awaitingOffer
  }

  /** The order of the sections in the last description of a client of another make: it may have kept its peer connection. */
  get order (): readonly Kind[] {
    return this.#order
  }

  /** This side has a seat. `resumed`: it is the same seat as before. */
  handleSeated (frame: Frame, resumed: boolean): void {
    // A server that does not say, as Ant Media's, tells the impolite side to start.
    this.#politeKnown = typeof frame.polite === 'boolean'
    this.#polite = frame.polite !== false
    if (resumed) return
    this.#present = (numberOf(frame.peers) ?? 0) > 0
    this.#awaitingOffer = true
    this.#early = []
  }

  /** The server tells this side to make the first offer. */
  handleStart (): void {
    this.#present = true
    this.#awaitingOffer = false
    this.#early = []
    if (!this.#politeKnown) this.#polite = false
  }

  /** The other side has sent a description. */
  handleArrival (): void {
    this.#present = true
  }

  /** Reads a description of the other side when its turn has come. */
  handleDescription (frame: Frame): void {
    if (textOf(frame.session) === undefined && frame.type !== 'rollback') this.#order = orderOf(textOf(frame.sdp) ?? '')
    if (frame.type === 'offer') this.#awaitingOffer = false
  }

  /** The connection between the other side and the server is lost; it may well be back. */
  handleAbsence (): void {
    this.#present = false
  }

  /** The call has ended. */
  reset (): void {
    this.#present = this.#awaitingOffer = false
    this.#early = []
  }

  /** Keeps a candidate that came before any offer. */
  keepCandidate (candidate: RTCIceCandidateInit): void {
    if (this.#early.length < MAX_EARLY) this.#early.push(candidate)
  }

  /** The candidates that came before any offer. */
  takeCandidates (): RTCIceCandidateInit[] {
    return this.#early.splice(0)
  }
}
