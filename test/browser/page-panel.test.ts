import t, { type Test } from 'tap'
import { build } from '../../example/basic/server.js'
import { launch } from '../helpers/browser.js'
import { inCall, receives } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { readCode } from '../helpers/qr.js'
import { start } from '../helpers/start.js'
import { Wire } from '../helpers/wire.js'

// What peer.html shows to developers, and the code of the link.

const browser = await launch(t)
const app = `${await start(t, await build())}/WebRTCApp4`

async function twoInCall (t: Test, room: string): Promise<[PeerPage, PeerPage]> {
  const context = { permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'] }
  const [anna, ben] = [await PeerPage.open(t, browser, app, { context }), await PeerPage.open(t, browser, app)]
  await anna.page.getByLabel('Your name').fill('Anna Berg')
  await anna.join(room)
  await anna.is('waiting')
  await ben.join(room)
  await inCall(anna, ben)
  return [anna, ben]
}

async function openPanel ({ page }: PeerPage): Promise<void> {
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'For developers' }).click()
}

t.test('messages are shown as they flow in both directions, with the states, and without what is secret', async t => {
  const [anna] = await twoInCall(t, 'panel')
  await openPanel(anna)
  const messages = anna.page.getByRole('list', { name: 'Signalling' })
  await messages.getByText('notification joined').first().waitFor()
  await messages.getByText('takeConfiguration answer').first().waitFor()
  await messages.getByText('takeConfiguration offer').first().click()
  await messages.getByText('m=video').first().waitFor()
  const text = await messages.innerText()
  const { resumeToken } = JSON.parse(Wire.of(anna.page).received.find(frame => frame.includes('"joined"')) ?? '{}') as { resumeToken: string }
  t.ok(resumeToken)
  t.notMatch(await messages.textContent(), resumeToken)
  t.match(text, '↑')
  t.match(text, '↓')
  t.match(await anna.page.locator('#states').innerText(), /Server\s+open\s+Peer connection\s+connected/)
})

t.test('the network is broken and comes back, and the call goes on', async t => {
  const [anna, ben] = await twoInCall(t, 'broken')
  await openPanel(anna)
  await anna.page.getByRole('button', { name: 'Break the network' }).click()
  await anna.page.getByRole('list', { name: 'Signalling' }).getByText('"resumed": true').waitFor({ state: 'attached' })
  await anna.is('call')
  await receives(ben.page)
})

t.test('ICE is restarted', async t => {
  const [anna, ben] = await twoInCall(t, 'restart')
  await openPanel(anna)
  const ufrag = (): Promise<string | undefined> => anna.page.evaluate(() =>
    /a=ice-ufrag:(\S+)/.exec(window.observed.connections.at(-1)?.currentLocalDescription?.sdp ?? '')?.[1])
  const before = await ufrag()
  await anna.page.getByRole('button', { name: 'Restart ICE' }).click()
  await anna.page.waitForFunction(before => {
    const connection = window.observed.connections.at(-1)
    return connection?.signalingState === 'stable' && !connection.currentLocalDescription?.sdp.includes(`a=ice-ufrag:${before}`)
  }, before)
  await receives(ben.page)
})

t.test('the report has no secrets, no addresses, no names and no words in it', async t => {
  const [anna] = await twoInCall(t, 'reported-room')
  await anna.page.locator('.quality[data-grade]').waitFor()
  await openPanel(anna)
  await anna.page.getByRole('button', { name: 'Copy report' }).click()
  await anna.page.getByRole('button', { name: 'Copied' }).waitFor()
  const text = await anna.page.evaluate(() => navigator.clipboard.readText())
  const report = JSON.parse(text) as { states: { server: string }, stats: { totalBytesSent: number }, messages: unknown[] }
  t.equal(report.states.server, 'open')
  t.ok(report.stats.totalBytesSent > 0)
  t.ok(report.messages.length > 4)
  for (const secret of ['reported-room', 'Anna', 'ice-pwd', '127.0.0.1', '.local']) t.notMatch(text, secret)
})

t.test('the QR code is that of the link, and is all in sight, also where it comes below the edge of a phone', async t => {
  const peer = await PeerPage.open(t, browser, app, { context: { viewport: { width: 390, height: 664 } } })
  await peer.page.getByLabel('Room name').fill('read-by-a-phone')
  await peer.page.getByRole('button', { name: 'QR code' }).click()
  await peer.page.waitForFunction(() => {
    const { top = -1, bottom = Infinity } = document.querySelector('#code')?.getBoundingClientRect() ?? {}
    return top >= 0 && bottom <= window.innerHeight
  })
  const rows = await peer.page.locator('#code svg').evaluate(svg => {
    const size = Number(svg.getAttribute('viewBox')?.split(' ')[2])
    const rows = Array.from({ length: size }, () => Array.from({ length: size }, () => false))
    for (const [, x = '', y = ''] of svg.querySelector('path')?.getAttribute('d')?.matchAll(/M(\d+) (\d+)/g) ?? []) (rows[Number(y)] ?? [])[Number(x)] = true
    return rows
  })
  t.equal(readCode(rows), `${app}/peer.html?room=read-by-a-phone`)
})
