import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launch, visit, type VisitOptions } from '../helpers/browser.js'
import { startCoturn } from '../helpers/coturn.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'
import { Wire } from '../helpers/wire.js'

// "Check my connection" in the lobby of peer.html, against a real TURN server, one that refuses, and one that never answers.

const secret = 'the secret of this test'
const coturn = await startCoturn({ secrets: [secret] })
t.teardown(coturn.stop)
const mute = createSocket('udp4').bind(0, '127.0.0.1')
await once(mute, 'listening')
t.teardown(() => mute.close())

const browser = await launch(t)
const server = Fastify()
const turn = { urls: [coturn.url, coturn.tcpUrl], secret, ttl: 600 }
const members = () => ({ metadata: {} })
await server.register(webrtcSignalling, {
  apps: {
    relayed: { turn, authorize: members },
    wrong: { turn: { ...turn, secret: 'another secret' } },
    mute: { iceServers: [{ urls: `turn:127.0.0.1:${mute.address().port}?transport=udp`, username: 'any', credential: 'any' }] }
  }
})
const origin = await start(t, server)

const opener = (page: Page) => page.getByRole('button', { name: 'Check my connection' })
const verdict = (page: Page, text: string) => page.locator('#verdict').getByText(text)
const steps = async (page: Page): Promise<string[]> => (await page.locator('#steps li').allInnerTexts()).map(text => text.replaceAll(/\s+/g, ' ').trim())

interface Running { tracks: number, connections: number }

/** What runs in a page: tracks of its devices, and peer connections. */
const running = async (page: Page): Promise<Running> => await page.evaluate(() => ({
  tracks: window.observed.captured.filter(({ readyState }) => readyState === 'live').length,
  connections: window.observed.connections.filter(({ signalingState }) => signalingState !== 'closed').length
}))

/** Opens the lobby, and says what runs in it before any check. */
async function lobby (t: Test, app: string, options?: VisitOptions): Promise<{ page: Page, before: Running }> {
  const { page } = await PeerPage.open(t, browser, `${origin}/${app}`, options)
  return { page, before: await running(page) }
}

/** Waits until nothing runs in the page but what ran before, and its one socket. */
async function isQuiet (page: Page, before: Running): Promise<void> {
  await page.waitForFunction(({ tracks, connections }) =>
    window.observed.captured.filter(({ readyState }) => readyState === 'live').length === tracks &&
    window.observed.connections.filter(({ signalingState }) => signalingState !== 'closed').length === connections, before)
  await Wire.of(page).closes(1)
}

t.test('by keyboard: each step is told in words with its figures, in a room of its own, and the focus comes back', async t => {
  const { page, before } = await lobby(t, 'relayed')
  await opener(page).focus()
  await page.keyboard.press('Enter')
  await verdict(page, 'All is well: you can call.').waitFor()
  t.match(await steps(page), [
    /^Browser works$/, /^Secure page works$/, /^Camera works .*fake/i, /^Microphone works .*fake/i, /^Server works \d+ ms$/,
    /^Server that relays calls \(TURN\) works turn:.*udp$/, /^Server that relays calls \(TURN\) works turn:.*tcp$/,
    /^Call through the relay works \d+ ms · [\d,]+ kbit\/s$/
  ])
  t.equal(await page.locator('#steps').getAttribute('aria-live'), 'polite', 'whoever does not see it hears it')
  t.equal(await page.evaluate(() => document.activeElement?.id), 'recheck')
  t.equal((await server.rooms.list('relayed')).length, 0, 'the seat that it took is given up')
  await isQuiet(page, before)
  await page.keyboard.press('Escape')
  await page.locator('#check').waitFor({ state: 'hidden' })
  t.equal(await page.evaluate(() => document.activeElement?.id), 'openCheck')
})

t.test('what fails has a reason and a remedy in the language of the browser, and can be checked again', async t => {
  const { page } = await lobby(t, 'wrong', { context: { locale: 'de' } })
  await page.getByRole('button', { name: 'Verbindung prüfen' }).click()
  await verdict(page, 'Etwas geht noch nicht.').waitFor()
  const rows = await steps(page)
  t.match(rows.filter(row => row.includes('TURN')), Array.from({ length: 2 }, () => /geht nicht turn:.* Er nimmt das Passwort nicht an.*Sag es dem Betreiber dieser Seite.*401/))
  t.match(rows.at(-1), 'Anruf über das Relay nicht geprüft')
  await page.getByRole('button', { name: 'Noch einmal prüfen' }).click()
  await page.getByRole('button', { name: 'Noch einmal prüfen' }).waitFor()
  await verdict(page, 'Etwas geht noch nicht.').waitFor()
})

t.test('devices that the browser may not use are told with the way through its menus', async t => {
  const page = await visit(t, browser, 'about:blank')
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('not now', 'NotAllowedError') }
  })
  await page.goto(`${origin}/wrong/peer.html`)
  await new PeerPage(page).is('ready')
  await opener(page).click()
  await verdict(page, 'Something does not work yet.').waitFor()
  const refused = /does not work The browser was not allowed to use it. Click the icon at the left of the address bar, allow it there, then check again. NotAllowedError/
  t.match((await steps(page)).slice(2, 4), [refused, refused])
})

const WAYS: Record<string, (page: Page) => Promise<void>> = {
  'by its button': async page => await page.getByRole('button', { name: 'Cancel' }).click(),
  'by closing the sheet': async page => await page.locator('#check .close').click(),
  'by Escape': async page => await page.keyboard.press('Escape'),
  'by opening another sheet': async page => await page.getByRole('button', { name: 'Settings' }).click()
}

for (const [how, cancel] of Object.entries(WAYS)) {
  t.test(`cancelled ${how}, a check leaves nothing running, and another one begins anew`, async t => {
    const { page, before } = await lobby(t, 'mute')
    await opener(page).click()
    // The server never answers, and is waited for longer than it takes to cancel.
    const waiting = page.locator('#steps li[data-status="running"]').getByText('turn:')
    await waiting.waitFor()
    t.equal((await running(page)).connections, before.connections + 1)
    await cancel(page)
    await waiting.waitFor({ state: 'detached' })
    t.same(await running(page), before, 'it has ended by then, and not when the server has been silent for long enough')
    await isQuiet(page, before)
    t.equal(await page.locator('#verdict').textContent(), 'The check was cancelled.')
    if (how === 'by its button') {
      await page.getByRole('button', { name: 'Check again' }).click()
    } else {
      await page.keyboard.press('Escape')
      await opener(page).click()
    }
    await waiting.waitFor()
  })
}
