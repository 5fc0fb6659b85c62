import t from 'tap'
import { SignallingClient } from '../helpers/signalling-client.js'
import { scene } from '../helpers/resumption.js'

// A close frame is a goodbye when it comes, not when TCP has ended behind it.

for (const [name, frame] of [['1000', '88820000000003e8'], ['1001', '88820000000003e9'], ['no code', '888000000000']] as const) {
  t.test(`A resumable sitter's close frame (${name}) frees its seat at once, though its TCP stays open`, async t => {
    const here = await scene(t, { heartbeat: { interval: 60_000, timeout: 60_000 }, resume: { window: 60_000 } })
    here.ours.raw.removeAllListeners('data').pause()
    here.ours.raw.write(Buffer.from(frame, 'hex'))
    t.match(await here.other.hears('stop'), { reason: 'left' })
    const joiner = await SignallingClient.connect(t, here.address)
    t.match(await joiner.join('room1'), { peers: 1 })
    t.equal((await here.app.rooms.dump()).connections, 3, 'and its TCP is still there')
  })
}
