import t from 'tap'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { PlainPage } from '../helpers/plain-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// Ant Media's React Native SDK keeps its peer connection over its own `leave`: the page react-native.html does as it does.

const browser = await launch(t)
const app = `${await start(t, await servePages())}/WebRTCApp4`

for (const order of ['', '?video-first']) {
  t.test(`React Native sat first${order === '' ? '' : ', its video before its sound'}: whenever it leaves and joins again, the call comes back`, async t => {
    const native = await PlainPage.open(t, browser, `${app}/react-native.html${order}`)
    const ours = await PeerPage.open(t, browser, app)
    await native.join('native')
    await ours.join('native')
    await inCall(native, ours)
    for (let round = 0; round < 2; round++) {
      await native.leave('native')
      await ours.is('waiting')
      await native.join('native')
      await inCall(native, ours)
    }
    await ours.leave()
    await ours.join('native')
    await inCall(native, ours)
    t.same((await native.told()).filter(entry => entry.startsWith('error')), [])
    t.equal(await ours.page.getByRole('alert').count(), 0)
  })
}

t.test('our SDK sat first: React Native leaves and joins again, and the call comes back', async t => {
  const ours = await PeerPage.open(t, browser, app)
  const native = await PlainPage.open(t, browser, `${app}/react-native.html`)
  await ours.join('native')
  await ours.is('waiting')
  await native.join('native')
  await inCall(native, ours)
  await native.leave('native')
  await ours.is('waiting')
  await native.join('native')
  await inCall(native, ours)
  t.same((await native.told()).filter(entry => entry.startsWith('error')), [])
})
