import t from 'tap'
import { build } from '../../example/basic/server.js'
import { launch, type VisitOptions } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { Proxy } from '../helpers/proxy.js'
import { start } from '../helpers/start.js'
import { Wire } from '../helpers/wire.js'

// A call is set up, and at one step of it the signalling connection is cut. Every step and every pair of them are
// enumerated on fakes; here they are those that the server can be seen to say, with real browsers at both ends.

const browser = await launch(t)
const origin = await start(t, await build())
const options: VisitOptions = { expected: [/WebSocket connection to .* failed/, /net::ERR_/] }

/** What the server says in the course of a set-up, and to whom: the first in the room, or the second. */
const STEPS = [
  { said: '"definition":"joined"', to: 'second' },
  { said: '"command":"start"', to: 'first' },
  { said: '"type":"offer"', to: 'second' },
  { said: '"type":"answer"', to: 'first' },
  { said: '"command":"takeCandidate"', to: 'first' },
  { said: '"command":"takeCandidate"', to: 'second' }
] as const

/** Whose connection is cut: that on which the words come, or not, the other's, or both. */
const CUTS = [
  { cut: 'here', delivered: true },
  { cut: 'here', delivered: false },
  { cut: 'there', delivered: true },
  { cut: 'both', delivered: true }
] as const

for (const { said, to } of STEPS) {
  t.test(`a call comes up although it is cut when ${said} comes to the ${to}`, async t => {
    const [left, right] = [await Proxy.start(t, origin), await Proxy.start(t, origin)]
    const anna = await PeerPage.open(t, browser, `${left.origin}/WebRTCApp4`, options)
    const ben = await PeerPage.open(t, browser, `${right.origin}/WebRTCApp4`, options)
    const [near, far] = to === 'first' ? [left, right] : [right, left]
    const wires = [anna, ben].map(({ page }) => Wire.of(page))
    for (const { cut, delivered } of CUTS) {
      await anna.join('cut')
      await anna.is('waiting')
      const before = wires.map(({ sockets }) => sockets)
      const done = near.cutAt(said, { delivered, here: cut !== 'there', others: cut === 'here' ? [] : [far] })
      await ben.join('cut')
      await done
      await inCall(anna, ben)
      await Promise.all([anna.is('call'), ben.is('call')])
      const opened = wires.map(({ sockets }, side) => sockets - (before[side] ?? 0))
      t.ok(Math.max(...opened) <= 1, `cut ${cut}, the words ${delivered ? 'delivered' : 'lost'}: in a call with one more socket at most`)
      await Promise.all([anna.leave(), ben.leave()])
    }
  })
}
