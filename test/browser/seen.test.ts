import t from 'tap'
import { build } from '../../example/basic/server.js'
import { launch, launchToKill, type VisitOptions } from '../helpers/browser.js'
import { HostProcess } from '../helpers/host-process.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'

// What peer.html says of the other person where the picture alone does not tell.

const browser = await launch(t)
const options: VisitOptions = { expected: [/WebSocket connection to .* failed/, /net::ERR_/] }

interface NotingPage { phases: string[] }

/** Notes every phase that the page shows from now on. */
function notePhases (): void {
  const { phases } = Object.assign(window as unknown as NotingPage, { phases: [] as string[] })
  new MutationObserver(() => phases.push(document.body.dataset.phase ?? '')).observe(document.body, { attributeFilter: ['data-phase'] })
}

t.test('two who show nothing are never said to be alone over a restart of the server, since their call stands', async t => {
  const host = await HostProcess.start(t)
  const app = host.address.replace('/peer.html', '')
  const [anna, ben] = [await PeerPage.open(t, browser, app, options), await PeerPage.open(t, browser, app, options)]
  for (const peer of [anna, ben]) for (const toggle of ['Camera', 'Microphone'] as const) await peer.press(toggle, 'off')
  await anna.join('restart')
  await anna.is('waiting')
  await ben.join('restart')
  await Promise.all([anna.is('call'), ben.is('call')])
  for (const { page } of [anna, ben]) await page.evaluate(notePhases)
  await host.kill()
  await Promise.all([anna.is('reconnecting'), ben.is('reconnecting')])
  await host.start()
  await Promise.all([anna.is('call'), ben.is('call')])
  for (const { page } of [anna, ben]) {
    t.same([...new Set(await page.evaluate(() => (window as unknown as NotingPage).phases))].sort(), ['call', 'reconnecting'])
  }
})

t.test('the page says in words that a picture stands still, in place of its last frame', async t => {
  const app = `${await start(t, await build())}/WebRTCApp4`
  const ben = await PeerPage.open(t, browser, app, options)
  const doomed = await launchToKill(t)
  const anna = await PeerPage.open(t, doomed.browser, app, options)
  await ben.join('frozen')
  await ben.is('waiting')
  await anna.join('frozen')
  await inCall(anna, ben)
  await doomed.kill()
  const note = ben.page.locator('#remoteNote')
  await note.filter({ hasText: 'Their picture has stopped' }).waitFor()
  t.equal(await ben.page.locator('#remoteVideo.blank').count(), 1)
  t.equal(await ben.page.evaluate(() => (window as unknown as { webRTCAdaptor: { remoteMedia: { video: string } } }).webRTCAdaptor.remoteMedia.video), 'frozen')
})
