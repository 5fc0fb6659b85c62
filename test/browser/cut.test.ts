import t from 'tap'
import { build } from '../../example/basic/server.js'
import { launch, type VisitOptions } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { Proxy } from '../helpers/proxy.js'
import { start } from '../helpers/start.js'

// A call is set up, and at one step of it the signalling connection is cut: of the side that the step has just
// reached, of the other side, or of both; after the words have arrived, or with them. The steps are enumerated on
// fakes in full; here they are those that the server can be seen to send, with real browsers at both ends.

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

t.test('a call that is cut while it is set up', async t => {
  const [left, right] = [await Proxy.start(t, origin), await Proxy.start(t, origin)]
  const anna = await PeerPage.open(t, browser, `${left.origin}/WebRTCApp4`, options)
  const ben = await PeerPage.open(t, browser, `${right.origin}/WebRTCApp4`, options)

  for (const { said, to } of STEPS) {
    for (const cut of ['here', 'there', 'both']) {
      for (const delivered of [true, false]) {
        // What is lost is lost with its connection: TCP drops nothing out of the middle.
        if (cut === 'there' && !delivered) continue
        await t.test(`comes up although ${said} to the ${to} ${delivered ? 'is followed by' : 'is lost in'} a cut (${cut})`, async t => {
          await anna.join('cut')
          await anna.is('waiting')
          const [near, far] = to === 'first' ? [left, right] : [right, left]
          const done = near.cutAt(said, { delivered, here: cut !== 'there', others: cut === 'here' ? [] : [far] })
          await ben.join('cut')
          await done
          await Promise.all([anna, ben].map(peer => peer.is('call')))
          await inCall(anna, ben)
          t.pass('both are seen and heard')
          await Promise.all([anna.leave(), ben.leave()])
        })
      }
    }
  }
})
