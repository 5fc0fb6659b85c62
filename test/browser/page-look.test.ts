import axe from 'axe-core'
import type { Page, Request } from 'playwright-core'
import t from 'tap'
import { build } from '../../example/basic/server.js'
import { launch, visit } from '../helpers/browser.js'
import { PAGE_STATES } from '../helpers/page-states.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'

// That peer.html can be used and read in each of its states, at every size, in both themes. A page that complains to its console fails too.

const browser = await launch(t)
const app = `${await start(t, await build())}/WebRTCApp4`
const SIZES = [[320, 568], [390, 844], [768, 1024], [1440, 900], [844, 390], [390, 664], [667, 375], [900, 700], [1280, 800]] as const

/** What is wider than the window, cannot be reached in it, or lies on what is to be seen. */
async function misplaced (page: Page): Promise<string[]> {
  return await page.evaluate(async () => {
    // What observes sizes has been told of the window's.
    await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    const found: string[] = []
    if (document.documentElement.scrollWidth > window.innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide`)
    for (const element of document.querySelectorAll<HTMLElement>('button, input, p, h1, h2, .self, .controls, .panel')) {
      const { left, right, top, bottom, width, height } = element.getBoundingClientRect()
      const name = `${element.tagName} ${element.id || element.className}`
      if (width <= 1 || height <= 1) continue
      if (left < -0.5 || right > window.innerWidth + 0.5) found.push(`${name} goes from ${left} to ${right}`)
      // In a room nothing scrolls but the link's card.
      if (document.body.dataset.view === 'room' && element.closest('.panel') === null && (top < 0 || bottom > window.innerHeight + 0.5)) {
        found.push(`${name} goes from ${top} down to ${bottom}`)
      }
      if (element.tagName === 'BUTTON' && element.scrollWidth > element.clientWidth + 1) found.push(`${name} is too narrow for its words`)
    }
    const apart = (first: string, second: string): void => {
      const [one, other] = [first, second].map(selector => document.querySelector<HTMLElement>(selector))
      if (one == null || other == null || [one, other].some(element => !element.checkVisibility({ visibilityProperty: true }))) return
      const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()]
      if (a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top) found.push(`${first} lies on ${second}`)
    }
    if (document.body.dataset.layout === 'call') for (const other of ['.news', '.controls', '#play', '.pill', '.sheet:not([hidden])']) apart('.self', other)
    if (document.body.dataset.layout === 'waiting') apart('.panel', '.controls')
    if (document.body.dataset.view === 'room') apart('.pill', '.sheet:not([hidden])')
    const { left = 0, right = 0, bottom = 0 } = document.querySelector('#join')?.getBoundingClientRect() ?? {}
    if (right > left && window.innerWidth < window.innerHeight && bottom > window.innerHeight) found.push('a person has to scroll to join')
    const video = document.querySelector<HTMLVideoElement>('#remoteVideo')
    if (video !== null && video.videoWidth > 0 && getComputedStyle(video).objectFit === 'cover') {
      const ratio = (video.videoWidth / video.videoHeight) / (video.clientWidth / video.clientHeight)
      if (Math.min(ratio, 1 / ratio) < 0.6) found.push('more is cut off the other\'s picture than is left of it')
    }
    return found
  })
}

/** What a phone's own things lie over: a notch at one side and the bar by which one goes home, in CSS pixels. */
const NOTCHES = [
  { width: 390, height: 844, insets: { top: 59, right: 0, bottom: 34, left: 0 } },
  { width: 844, height: 390, insets: { top: 0, right: 59, bottom: 21, left: 59 } }
]

/** What lies under a notch or that bar and is to be read or pressed. What can be scrolled comes out from there. */
async function covered (page: Page, insets: typeof NOTCHES[number]['insets']): Promise<string[]> {
  return await page.evaluate(({ top, right, bottom, left }) => {
    const found: string[] = []
    const scrolls = document.body.dataset.view === 'lobby'
    for (const element of document.querySelectorAll<HTMLElement>('button, input, select, .pill, .error, .notice, .link, .news, [data-layout="call"] .self')) {
      const box = element.getBoundingClientRect()
      if (box.width <= 1 || box.height <= 1) continue
      const name = `${element.tagName} ${element.id || element.className}`
      if (box.left < left - 0.5 || box.right > window.innerWidth - right + 0.5) found.push(`${name} from ${box.left} to ${box.right}`)
      if (scrolls ? element.closest('header') === null : element.closest('.body, [data-layout="waiting"] .panel') !== null) continue
      if (box.top < top - 0.5 || (!scrolls && box.bottom > window.innerHeight - bottom + 0.5)) found.push(`${name} from ${box.top} down to ${box.bottom}`)
    }
    return found
  }, insets)
}

/** What axe-core finds against WCAG 2.2 A and AA, contrast included. */
async function violations (page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(async () => await (window as unknown as { axe: typeof axe }).axe.run({
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  }))
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary ?? ''}`))
}

/** Puts white in place of every picture: the worst that can lie behind white words, and a ground that axe-core can measure against. */
async function whiten (page: Page, white: boolean): Promise<void> {
  await page.evaluate(white => {
    for (const video of document.querySelectorAll('video')) video.style.display = white ? 'none' : ''
    for (const ground of document.querySelectorAll<HTMLElement>('.stage')) ground.style.background = white ? '#fff' : ''
    document.body.style.background = white && document.body.dataset.view === 'room' ? '#fff' : ''
  }, white)
}

for (const { name, reach } of PAGE_STATES) {
  t.test(`the page can be used and read: ${name}`, async t => {
    const page = await reach(t, browser, app)
    await page.evaluate(axe.source)
    // Nothing is measured on its way.
    await page.emulateMedia({ reducedMotion: 'reduce' })
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height })
      await page.mouse.move(width / 2, height / 3)
      t.same(await misplaced(page), [], `${width} × ${height}`)
      if (width !== 320 && width !== 1440) continue
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        for (const white of [false, true]) {
          await whiten(page, white)
          t.same(await violations(page), [], `${width} × ${height}, ${colorScheme}${white ? ', on white' : ''}`)
        }
        await whiten(page, false)
      }
    }
    t.equal(await page.evaluate(() => document.getAnimations().length), 0, 'nothing moves where a person wants no motion')
    const devtools = await page.context().newCDPSession(page)
    for (const { width, height, insets } of NOTCHES) {
      await page.setViewportSize({ width, height })
      await devtools.send('Emulation.setSafeAreaInsetsOverride', { insets })
      t.same(await covered(page, insets), [], `${width} × ${height}, with a notch`)
    }
  })
}

t.test('in a person\'s own few colours the code can still be read, and how loud and which device can still be seen', async t => {
  const { page } = await PeerPage.open(t, browser, app)
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' })
  await page.getByRole('button', { name: 'QR code' }).click()
  await page.evaluate(axe.source)
  t.same(await violations(page), [])
  const style = (selector: string, name: string): Promise<string> =>
    page.locator(selector).evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), name)
  t.equal(await style('.code', 'background-color'), 'rgb(255, 255, 255)')
  t.equal(await style('.code svg', 'fill'), 'rgb(0, 0, 0)')
  const pressed = await style('#camera .disc', 'border-top-width')
  await page.getByRole('button', { name: 'Camera', exact: true }).click()
  await page.locator('#camera[aria-pressed="false"]').waitFor()
  t.not(await style('#camera .disc', 'border-top-width'), pressed, 'on and off are told apart')
  await page.getByRole('button', { name: 'Settings' }).click()
  for (const selector of ['#level', '#cameraChoice']) t.equal(await style(selector, 'appearance'), 'auto', selector)
  t.same(await violations(page), [])
})

/** Maximum weight of the page with all that it loads, as it travels, in bytes. */
const BUDGET = 100_000

t.test('the page weighs little with all that it loads', async t => {
  const page = await visit(t, browser, 'about:blank')
  const sizes: Array<Promise<number>> = []
  const weigh = (request: Request): void => { sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize)) }
  page.on('requestfinished', weigh)
  await page.goto(`${app}/peer.html`)
  await page.waitForSelector('body[data-phase="ready"]')
  // One that ends later would be asked for its size when the browser is closed.
  page.off('requestfinished', weigh)
  const weights = await Promise.all(sizes)
  t.ok(weights.length >= 5, `${weights.length} files`)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  t.comment(`${total} bytes`)
  t.ok(total > 10_000 && total <= BUDGET, `${total} bytes`)
})
