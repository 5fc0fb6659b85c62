import t, { type Test } from 'tap'
import { ANT_VERSIONS } from '../helpers/ant-versions.js'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { heardNoError, PlainPage } from '../helpers/plain-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// A second `join` on a socket that sits there already, and what it means for the one on the other side of a standing call: a second
// `start`. With six published versions of Ant Media's SDK, and with ours, in Chromium.

const browser = await launch(t)
const app = `${await start(t, await servePages())}/WebRTCApp4`

const openAnt = async (t: Test, version: string): Promise<PlainPage> => PlainPage.open(t, browser, `${app}/ant.html?sdk=${version}`)

t.test('Six versions of Ant Media\'s SDK are there to be tried', async t => {
  t.equal(ANT_VERSIONS.length, 6, ANT_VERSIONS.join(', '))
})

// The oldest and the newest in both orders, those between them in one, in turn: it is a matter of minutes, and they differ in nothing that the order shows.
const ordersOf = (index: number): boolean[] => index === 0 || index === ANT_VERSIONS.length - 1 ? [true, false] : [index % 2 === 0]

for (const [index, version] of ANT_VERSIONS.entries()) {
  t.test(`Ant Media's SDK ${version} joins again in a standing call, first or second in the room: the other one of its kind takes the second start`, async t => {
    const [anna, ben] = [await openAnt(t, version), await openAnt(t, version)]
    await anna.join('again')
    await ben.join('again')
    await inCall(anna, ben)
    for (const again of [anna, ben, anna, ben]) {
      await again.join('again')
      await inCall(anna, ben)
    }
    await heardNoError(t, anna, ben)
  })

  for (const first of ordersOf(index)) {
    t.test(`Ant Media's SDK ${version} joins again in a standing call with ours, ${first ? 'first' : 'second'} in the room: ours takes the second start`, async t => {
      const [ant, ours] = [await openAnt(t, version), await PeerPage.open(t, browser, app)]
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
      await heardNoError(t, ant)
    })
  }
}
