import assert from 'node:assert/strict'
import type { Clock } from '../../../lib/rooms/clock.js'
import type { RoomRegistry } from '../../../lib/rooms/room-registry.js'
import { describe } from '../describe.js'
import { FakeLink, type Heard } from '../fakes/fake-link.js'
import { INVARIANTS } from './invariants.js'
import { OracleLink } from './oracle-link.js'
import type { OracleSeat } from './oracle-seat.js'

/** What a client knows of a seat. */
export interface View {
  seat: OracleSeat
  token: string | undefined
  serial: number
  /** How many messages of the seat it has got. */
  received: number
}

/** One connection, in the real code and in the oracle. */
export class Line {
  readonly real: FakeLink
  readonly oracle: OracleLink
  /** Every frame that was sent, described; compared with what the oracle expects. */
  readonly sent: string[] = []
  readonly views = new Map<string, View>()
  #compared = 0
  #granted = 0

  constructor (app: string, surroundings: { rooms: RoomRegistry, clock: Clock, probeTimeout: number }) {
    this.oracle = new OracleLink(app)
    this.real = new FakeLink({
      app,
      ...surroundings,
      sent: message => {
        const what = describe(message)
        this.sent.push(what)
        const answer = message.command === 'error' || what.startsWith('leaved ')
        if (answer || !('streamId' in message)) return
        const seat = this.real.seats.in(String(message.streamId))
        assert.ok(seat !== undefined && seat.room.app === app, `${INVARIANTS.inside}: ${what}`)
        const from = (message as { from?: string }).from
        assert.ok(from === undefined || from === `${app}/${seat.room.name}`, `${INVARIANTS.inside}: ${what} from ${from}`)
      }
    })
  }

  /** The client gets a message, and must find it to be the next one. */
  got (message: Heard): View | null {
    const what = describe(message)
    const [word = '', room = ''] = what.split(' ')
    if (word === 'error') return null
    if (word === 'leaved') {
      this.views.delete(room)
      return null
    }
    if (word === 'joined') {
      const grant = this.oracle.granted[this.#granted++]
      assert.ok(grant !== undefined, `${INVARIANTS.agreed}: ${what}`)
      const token = 'resumeToken' in message ? String(message.resumeToken) : undefined
      const view = { seat: grant.seat, token, serial: grant.serial, received: grant.from }
      this.views.set(room, view)
      return view
    }
    const view = this.views.get(room)
    assert.ok(view !== undefined, `${INVARIANTS.inside}: ${what}`)
    // An application's `stop removed` goes past the seat that it ends, and so does the one that Flutter waits for.
    if ((what.endsWith(' removed') || what === `stop ${room} left`) && view.received === view.seat.ledger.length) return null
    assert.equal(what, view.seat.ledger[view.received]?.what, INVARIANTS.order)
    view.received++
    return null
  }

  compare (): void {
    const { expected } = this.oracle
    for (; this.#compared < Math.max(expected.length, this.sent.length); this.#compared++) {
      assert.equal(this.sent[this.#compared], expected[this.#compared], INVARIANTS.agreed)
    }
  }
}
