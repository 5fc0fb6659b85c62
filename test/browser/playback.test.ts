import axe from 'axe-core'
import t from 'tap'
import { build } from '../../example/basic/server.js'
import { launch, visit } from '../helpers/browser.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'

// A browser that plays nothing before the person has done something at the page, as all do with pages that are new to them.

const browser = await launch(t, { args: ['--autoplay-policy=document-user-activation-required'] })
const app = `${await start(t, await build())}/WebRTCApp4`

t.test('where the browser refuses to play the other side, the page says so and has one button, and that plays it', async t => {
  const page = await visit(t, browser, 'about:blank')
  // Whatever Playwright evaluates counts as something that the person has done at the page: until the browser has refused, the page does all by itself.
  await page.addInitScript(() => {
    // Browsers always play at a page that uses the camera.
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('not now', 'NotAllowedError') }
    const world = window as unknown as { refused: Promise<void>, webRTCAdaptor?: { on: (name: string, listener: () => void) => void } }
    const refused = new Promise<void>(resolve => {
      const observer = new MutationObserver(() => {
        const join = document.querySelector<HTMLButtonElement>('#join')
        const room = document.querySelector<HTMLInputElement>('#room')
        if (document.body?.dataset.phase !== 'ready' || world.webRTCAdaptor === undefined || join === null || join.disabled || room === null) return
        observer.disconnect()
        world.webRTCAdaptor.on('playback_refused', () => resolve())
        room.value = 'refused'
        room.dispatchEvent(new Event('input', { bubbles: true }))
        join.click()
      })
      observer.observe(document, { subtree: true, childList: true, attributes: true })
    })
    // A video with `autoplay` is tried once more when its first frame is there: by then nothing must have been done at the page.
    world.refused = refused.then(async () => new Promise(resolve => {
      const look = (): unknown => document.querySelector<HTMLVideoElement>('#remoteVideo')?.readyState === 4 ? resolve() : setTimeout(look, 50)
      look()
    }))
  })
  const ben = await PeerPage.open(t, browser, app)
  await ben.join('refused')
  await ben.is('waiting')
  await page.goto(`${app}/peer.html`)
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Runtime.evaluate', { expression: 'refused', awaitPromise: true })
  const button = page.getByRole('button', { name: 'Hear and see them' })
  await button.waitFor()
  await page.getByText('Press the button to hear and see').waitFor()
  await page.getByText('Your browser plays nothing before you press something.').waitFor()
  t.equal(await page.locator('#remoteVideo').evaluate((video: HTMLVideoElement) => video.paused), true)
  await page.setViewportSize({ width: 320, height: 568 })
  t.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320)
  await page.evaluate(axe.source)
  t.same(await page.evaluate(async () => (await (window as unknown as { axe: typeof axe }).axe.run('#remoteFace')).violations.map(({ id }) => id)), [])
  await button.focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => {
    const video = document.querySelector<HTMLVideoElement>('#remoteVideo')
    return video?.paused === false && video.currentTime > 0 && !video.classList.contains('blank')
  })
  await page.getByText('In call').waitFor()
  t.equal(await button.isVisible(), false)
  t.not(await page.evaluate(() => document.activeElement?.tagName), 'BODY', 'the focus is not lost')
})
