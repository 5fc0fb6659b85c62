import t, { type Test } from 'tap'
import { launch } from '../helpers/browser.js'
import { inCall, receives } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { heardNoError, PlainPage } from '../helpers/plain-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// The npm package @antmedia/webrtc_adaptor as it is published, against the plugin and against our SDK.

const browser = await launch(t)
const app = `${await start(t, await servePages())}/WebRTCApp4`

const openAnt = async (t: Test): Promise<PlainPage> => PlainPage.open(t, browser, `${app}/ant.html`)
const openOurs = async (t: Test): Promise<PeerPage> => PeerPage.open(t, browser, app)

t.test('two pages with Ant Media\'s SDK call each other, leave and join again', async t => {
  const [anna, ben] = [await openAnt(t), await openAnt(t)]
  await anna.join('ants')
  await ben.join('ants')
  await inCall(anna, ben)
  for (const [goes, stays] of [[anna, ben], [ben, anna]] as const) {
    await goes.leave('ants')
    await stays.hears('peerLeft')
    await goes.join('ants')
    await inCall(goes, stays)
  }
  await heardNoError(t, anna, ben)
})

for (const first of ['Ant Media\'s', 'ours']) {
  t.test(`a page with each SDK call each other, ${first} being first in the room; either leaves and joins again`, async t => {
    const [ant, ours] = [await openAnt(t), await openOurs(t)]
    const room = 'mixed'
    if (first === 'ours') {
      await ours.join(room)
      await ours.is('waiting')
      await ant.join(room)
    } else {
      await ant.join(room)
      await ours.join(room)
    }
    await inCall(ant, ours)

    await ant.leave(room)
    await ours.is('waiting')
    await ant.join(room)
    await inCall(ant, ours)

    await ours.leave()
    await ours.join(room)
    await inCall(ant, ours)
    await heardNoError(t, ant)
  })

  t.test(`cameras and microphones go off and on between the two SDKs, ${first} being first in the room`, async t => {
    const [ant, ours] = [await openAnt(t), await openOurs(t)]
    const room = 'toggles'
    if (first === 'ours') {
      await ours.join(room)
      await ours.is('waiting')
      await ant.join(room)
    } else {
      await ant.join(room)
      await ours.join(room)
    }
    await inCall(ant, ours)

    await ours.press('Camera', 'off')
    await receives(ant.page, 'sound only')
    await ours.press('Camera', 'on')
    await inCall(ant, ours)
    await ours.press('Microphone', 'off')
    await receives(ant.page, 'picture only')
    await ours.press('Microphone', 'on')
    await inCall(ant, ours)

    // Ant Media's SDK sends black frames instead of its camera's, and silence instead of its microphone's.
    await ant.call('turnOffLocalCamera', room)
    await ant.call('turnOnLocalCamera', room)
    await ant.call('muteLocalMic', room)
    await ant.call('unmuteLocalMic', room)
    await inCall(ant, ours)
    await heardNoError(t, ant)
  })
}

t.test('a page that was written for Ant Media\'s SDK runs with ours by another script tag, and calls one that keeps theirs', async t => {
  const [moved, ant] = [await PlainPage.open(t, browser, `${app}/ant.html?sdk=ours`), await openAnt(t)]
  await moved.join('moved')
  await ant.join('moved')
  await inCall(moved, ant)
  await moved.call('turnOffLocalCamera', 'moved')
  await receives(ant.page, 'sound only')
  await moved.call('turnOnLocalCamera', 'moved')
  await inCall(moved, ant)
  t.same(await moved.page.evaluate(() => {
    const { webRTCAdaptor } = window as unknown as { webRTCAdaptor: Record<string, (room: string) => unknown> }
    return [webRTCAdaptor.signallingState?.('moved'), webRTCAdaptor.iceConnectionState?.('moved') !== null]
  }), ['stable', true])
  await ant.leave('moved')
  await moved.hears('peerLeft')
  await moved.leave('moved')
  await heardNoError(t, moved, ant)
})

t.test('an Ant Media page whose tab was reloaded comes back to a page with our SDK', async t => {
  const [ant, ours] = [await openAnt(t), await openOurs(t)]
  await ours.join('reloaded')
  await ours.is('waiting')
  await ant.join('reloaded')
  await inCall(ant, ours)
  await ant.page.reload()
  await ant.hears('initialized')
  await ant.join('reloaded')
  await inCall(ant, ours)
})
