import t, { type Test } from 'tap'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { PlainPage } from '../helpers/plain-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// A second `join` on a socket that sits there already, and what it means for the one on the other side of a standing call: a second
// `start`. With Ant Media's published SDK and with ours, in Chromium.

const browser = await launch(t)
const app = `${await start(t, await servePages())}/WebRTCApp4`

const openAnt = async (t: Test): Promise<PlainPage> => PlainPage.open(t, browser, `${app}/ant.html`)

for (const first of [true, false]) {
  t.test(`Ant Media's SDK joins again in a standing call, ${first ? 'first' : 'second'} in the room: the other one of its kind takes the second start`, async t => {
    const [anna, ben] = [await openAnt(t), await openAnt(t)]
    await anna.join('again')
    await ben.join('again')
    await inCall(anna, ben)
    const again = first ? anna : ben
    for (let i = 0; i < 2; i++) {
      await again.join('again')
      await inCall(anna, ben)
    }
    for (const person of [anna, ben]) t.notOk((await person.told()).some(entry => entry.startsWith('error')))
  })

  t.test(`Ant Media's SDK joins again in a standing call with ours, ${first ? 'first' : 'second'} in the room: ours takes the second start`, async t => {
    const [ant, ours] = [await openAnt(t), await PeerPage.open(t, browser, app)]
    if (first) {
      await ant.join('mixed')
      await ours.join('mixed')
    } else {
      await ours.join('mixed')
      await ours.is('waiting')
      await ant.join('mixed')
    }
    await inCall(ant, ours)
    await ant.join('mixed')
    await inCall(ant, ours)
    t.notOk((await ant.told()).some(entry => entry.startsWith('error')))
  })
}
