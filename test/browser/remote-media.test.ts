import t from 'tap'
import { build } from '../../example/basic/server.js'
import { launch, launchToKill, type VisitOptions } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'

const browser = await launch(t)
const app = `${await start(t, await build())}/WebRTCApp4`
const options: VisitOptions = { expected: [/WebSocket connection to .* failed/, /net::ERR_/] }

interface RemoteWindow {
  webRTCAdaptor: { remoteMedia: { video: string, audio: string }, on: (name: string, listener: (state: { video: string }) => void) => void }
  pictures: string[]
}

/** Waits until the SDK says this of the other side. */
async function sees ({ page }: PeerPage, video: string, audio: string): Promise<void> {
  await page.waitForFunction(([video, audio]) => {
    const { remoteMedia } = (window as unknown as RemoteWindow).webRTCAdaptor
    return remoteMedia.video === video && remoteMedia.audio === audio
  }, [video, audio] as const)
}

t.test('a camera that is switched while neither page can reach the server is dark at the other side, and comes back', async t => {
  const [anna, ben] = [await PeerPage.open(t, browser, app, options), await PeerPage.open(t, browser, app, options)]
  await anna.join('dark')
  await anna.is('waiting')
  await ben.join('dark')
  await inCall(anna, ben)
  await Promise.all([sees(anna, 'live', 'live'), sees(ben, 'live', 'live')])
  await ben.page.evaluate(() => {
    const { webRTCAdaptor } = window as unknown as RemoteWindow
    const pictures: string[] = (window as unknown as RemoteWindow).pictures = []
    webRTCAdaptor.on('remote_media_changed', ({ video }) => pictures.push(video))
  })
  for (const { page } of [anna, ben]) await page.context().setOffline(true)
  await Promise.all([anna.is('reconnecting'), ben.is('reconnecting')])
  await anna.press('Camera', 'off')
  await sees(ben, 'off', 'live')
  await anna.press('Camera', 'on')
  await sees(ben, 'live', 'live')
  await anna.press('Microphone', 'off')
  await sees(ben, 'live', 'off')
  await anna.press('Camera', 'off')
  await sees(ben, 'off', 'off')
  for (const { page } of [anna, ben]) await page.context().setOffline(false)
  await sees(ben, 'off', 'off')
  await anna.press('Microphone', 'on')
  await anna.press('Camera', 'on')
  await inCall(anna, ben)
  await sees(ben, 'live', 'live')
  t.notOk((await ben.page.evaluate(() => (window as unknown as RemoteWindow).pictures)).includes('frozen'), 'nowhere on the way was it said to be frozen')
})

t.test('the other\'s browser is killed: its last frame is said to be frozen', async t => {
  const ben = await PeerPage.open(t, browser, app, options)
  const doomed = await launchToKill(t)
  const anna = await PeerPage.open(t, doomed.browser, app, options)
  await ben.join('killed')
  await ben.is('waiting')
  await anna.join('killed')
  await inCall(anna, ben)
  await sees(ben, 'live', 'live')
  await doomed.kill()
  await sees(ben, 'frozen', 'live')
})
