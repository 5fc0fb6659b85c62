import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { build } from '../../example/basic/server.js'
import { launch, visit } from '../helpers/browser.js'
import { PAGE_STATES } from '../helpers/page-states.js'
import { start } from '../helpers/start.js'

// Pictures of peer.html in each of its states, to be looked at, and how heavy it is and how soon it can be used: `npm run screenshots`.
// STATES=call,full takes those alone, and PAGE_LANGUAGE=de takes them in German.

const directory = process.env.SCREENSHOTS ?? join(process.cwd(), '.tap/screenshots')
const SIZES = [[320, 568], [390, 844], [768, 1024], [1440, 900], [844, 390]] as const
const wanted = process.env.STATES?.split(',')

const browser = await launch(t)
const app = `${await start(t, await build())}/WebRTCApp4`
mkdirSync(directory, { recursive: true })

for (const { name, reach } of PAGE_STATES.filter(({ name }) => wanted?.includes(name) ?? true)) {
  t.test(name, async t => {
    const page = await reach(t, browser, app)
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height })
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.mouse.move(width / 2, height / 3)
        await page.screenshot({ path: join(directory, `${name}-${width}-${colorScheme}.png`), animations: 'disabled' })
      }
    }
  })
}

// How long until somebody can join, over a phone's network: 1.5 Mbit/s, and 150 ms there and back. The camera is there at once.
t.test('slow network', async t => {
  const page = await visit(t, browser, 'about:blank')
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 1.5e6 / 8, uploadThroughput: 1.5e6 / 8 })
  let weight = 0
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => { weight += encodedDataLength })
  const began = performance.now()
  await page.goto(`${app}/peer.html`)
  await page.waitForSelector('#join:not(:disabled)')
  const took = performance.now() - began
  t.comment(`the lobby can be used after ${Math.round(took)} ms at 1.5 Mbit/s and 150 ms, and the page weighs ${weight} bytes as it travels, headers included`)
  // The only limit on a clock in the tests: nobody runs this but to see the figures.
  t.ok(took <= 2_000, 'within 2 s')
  t.ok(weight > 10_000 && weight <= 100_000, 'at most 100 kB')
})
t.comment(directory)
