import type { OracleLink, OracleProbe } from './oracle-link.js'
import type { OracleRoom } from './oracle-room.js'
import type { Surroundings } from './oracle-surroundings.js'

/** A room's question whether those who sit in it live. */
export class OracleProbing {
  readonly #room: OracleRoom
  readonly #around: Surroundings
  readonly #probes: OracleProbe[] = []

  constructor (room: OracleRoom, around: Surroundings) {
    this.#room = room
    this.#around = around
  }

  get underWay (): boolean {
    return this.#probes.length > 0
  }

  begin (): void {
    for (const { link } of this.#room.seats) if (link !== null) this.#ask(link)
  }

  /** A link has answered, or has not: then whatever seat of the room it has by now is lost. */
  answered (probe: OracleProbe, alive: boolean): void {
    const { probeTimeout, time, tally, dead } = this.#around
    const { link } = probe
    time.clock.cancel(probe.timer)
    if (!this.#probes.includes(probe)) return
    tally.note(alive ? 'a probe answered' : 'a probe not answered')
    if (alive) time.within(probe.asked, probeTimeout, 'a probe answered in time but for a standstill')
    link.probes.splice(link.probes.indexOf(probe), 1)
    this.#probes.splice(this.#probes.indexOf(probe), 1)
    // Not by the room's name: everybody may have left, and another room of that name begun, in which nobody has asked.
    const seat = this.#room.seats.find(seat => seat.link === link)
    if (!alive && seat !== undefined) {
      this.#room.lost(seat, false)
      dead(link)
    }
    if (!this.underWay) this.#room.probed()
  }

  #ask (link: OracleLink): void {
    const { probeTimeout, time } = this.#around
    if (link.open) link.ping()
    const probe: OracleProbe = { link, probing: this, ping: link.pings, asked: time.now(), timer: null }
    // A link that is closing is of no use to anybody, so there is nothing to wait for.
    probe.timer = time.clock.after(link.open ? probeTimeout : 0, () => this.answered(probe, false))
    this.#probes.push(probe)
    link.probes.push(probe)
  }
}
