import { both, turned, type ParsedDescription, type Section } from './fake-description.js'
import type { FakeTransceiver } from './fake-transceiver.js'

/** The transceivers of one connection, each with the section of the descriptions that it has, and what was before an offer. */
export class FakeTransceivers {
  readonly all: FakeTransceiver[] = []
  #beforeOffer: Map<FakeTransceiver, string | null> | null = null

  ofMid (mid: string | null): FakeTransceiver | undefined {
    return this.all.find(transceiver => transceiver.mid === mid)
  }

  /** One that has no section yet, for media of this kind. */
  unused (kind: string): FakeTransceiver | undefined {
    return this.all.find(({ mid, receiver }) => mid === null && receiver.track.kind === kind)
  }

  /** An offer of ours gives each its section. */
  number (sections: Section[]): void {
    this.#beforeOffer ??= new Map(this.all.map(transceiver => [transceiver, transceiver.mid]))
    for (const [index, section] of sections.entries()) {
      const transceiver = this.all[index]
      if (transceiver !== undefined) transceiver.mid = section.mid
    }
  }

  rollBack (): void {
    for (const transceiver of this.all) transceiver.mid = this.#beforeOffer?.get(transceiver) ?? null
    this.#beforeOffer = null
  }

  /** The offer was answered. */
  keep (): void {
    this.#beforeOffer = null
  }

  /** The sections of an offer, or of the answer to one. */
  describe (offer: ParsedDescription | null): string[] {
    return this.all.filter(({ mid }) => offer === null || mid !== null).map((transceiver, index) => {
      const mid = transceiver.mid ?? String(index)
      const offered = offer?.sections.find(section => section.mid === mid)
      const direction = offered === undefined ? transceiver.direction : both(transceiver.direction, turned(offered.direction))
      return `m=${transceiver.receiver.track.kind} ${mid} ${direction}`
    })
  }

  /**
   * Whether one of them has to be negotiated (W3C WebRTC 1.0, section 4.7.3, "check if negotiation is needed").
   *
   * @param local our side of what was agreed, null before; `offered` where it was our offer
   */
  needNegotiation (local: ParsedDescription | null, remote: ParsedDescription | null, offered: boolean): boolean {
    return this.all.some(({ mid, direction, currentDirection }) => {
      if (mid === null || local === null) return true
      if (offered) return currentDirection !== direction && local.sections.find(section => section.mid === mid)?.direction !== direction
      const section = remote?.sections.find(section => section.mid === mid)
      return section === undefined || both(direction, turned(section.direction)) !== currentDirection
    })
  }
}
