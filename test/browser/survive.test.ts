import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { build } from '../../example/basic/server.js'
import { launch, type VisitOptions } from '../helpers/browser.js'
import { HostProcess } from '../helpers/host-process.js'
import { inCall, receives, watchForBreaks } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { PlainPage } from '../helpers/plain-page.js'
import { Proxy } from '../helpers/proxy.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'
import { Wire } from '../helpers/wire.js'

const browser = await launch(t)
const origin = await start(t, await build())

/** A lost connection is what these tests are about, and browsers tell it to the console. */
const options: VisitOptions = { expected: [/WebSocket connection to .* failed/, /net::ERR_/] }

async function call (t: Test, first: string, second: string): Promise<[PeerPage, PeerPage]> {
  const anna = await PeerPage.open(t, browser, first, options)
  await anna.join('room1')
  await anna.is('waiting')
  const ben = await PeerPage.open(t, browser, second, options)
  await ben.join('room1')
  await inCall(anna, ben)
  return [anna, ben]
}

/** That signalling works again at both sides, shown by what needs it: a camera that goes and comes. */
async function togglesWork (near: PeerPage, far: PeerPage): Promise<void> {
  await near.press('Camera', 'off')
  await far.page.getByText('Their camera is off').waitFor()
  await near.press('Camera', 'on')
  await far.page.getByText('Their camera is off').waitFor({ state: 'hidden' })
  await inCall(near, far)
}

t.test('the socket is cut in a call, at either side or at both: the picture never stops, and a camera toggle works afterwards', async t => {
  const [left, right] = [await Proxy.start(t, origin), await Proxy.start(t, origin)]
  const [anna, ben] = await call(t, `${left.origin}/WebRTCApp4`, `${right.origin}/WebRTCApp4`)
  for (const proxies of [[left], [right], [left, right]]) {
    const breaks = await Promise.all([anna, ben].map(({ page }) => watchForBreaks(page)))
    const back = Promise.all([anna, ben].filter((_, side) => proxies.includes(side === 0 ? left : right)).map(({ page }) => Wire.of(page).hears('"resumed":true')))
    for (const proxy of proxies) proxy.cut()
    await back
    await inCall(anna, ben)
    t.same(await Promise.all(breaks.map(async read => read())), [[], []])
    await togglesWork(anna, ben)
    await togglesWork(ben, anna)
  }
})

t.test('the server ends the sockets: the picture never stops, and a camera toggle works afterwards', async t => {
  const app = await build()
  const sockets = new Set<Socket>()
  app.server.on('connection', socket => sockets.add(socket))
  const address = `${await start(t, app)}/WebRTCApp4`
  const [anna, ben] = await call(t, address, address)
  const breaks = await Promise.all([anna, ben].map(({ page }) => watchForBreaks(page)))
  const back = Promise.all([anna, ben].map(({ page }) => Wire.of(page).hears('"resumed":true')))
  for (const socket of sockets) socket.destroy()
  await back
  t.same(await Promise.all(breaks.map(async read => read())), [[], []])
  await togglesWork(anna, ben)
})

t.test('the browser takes the network from the page: the picture never stops, and a camera toggle works afterwards', async t => {
  const address = `${origin}/WebRTCApp4`
  const [anna, ben] = await call(t, address, address)
  for (const peer of [anna, ben]) {
    const breaks = await Promise.all([anna, ben].map(({ page }) => watchForBreaks(page)))
    await peer.page.context().setOffline(true)
    await peer.is('reconnecting')
    await inCall(anna, ben)
    const back = Wire.of(peer.page).hears('"resumed":true')
    await peer.page.context().setOffline(false)
    await back
    await peer.is('call')
    t.same(await Promise.all(breaks.map(async read => read())), [[], []])
    await togglesWork(anna, ben)
    await togglesWork(ben, anna)
  }
})

t.test('a camera that was switched off while the page was away is dark at the other side once it is back', async t => {
  const address = `${origin}/WebRTCApp4`
  const [anna, ben] = await call(t, address, address)
  await anna.page.context().setOffline(true)
  await anna.is('reconnecting')
  await anna.press('Camera', 'off')
  await anna.page.context().setOffline(false)
  await ben.page.getByText('Their camera is off').waitFor()
  await receives(ben.page, 'sound only')
})

t.test('the server is killed in a call and started again: media goes on, both come back by themselves, and a third is refused', async t => {
  const host = await HostProcess.start(t)
  const address = host.address.replace('/peer.html', '')
  const [anna, ben] = await call(t, address, address)
  const breaks = await Promise.all([anna, ben].map(({ page }) => watchForBreaks(page)))
  await host.kill()
  await Promise.all([anna.is('reconnecting'), ben.is('reconnecting')])
  await inCall(anna, ben)
  const back = Promise.all([anna, ben].map(({ page }) => Wire.of(page).hears('"joined"')))
  await host.start()
  await back
  await Promise.all([anna.is('call'), ben.is('call')])
  await inCall(anna, ben)
  t.same(await Promise.all(breaks.map(async read => read())), [[], []])
  const cleo = await PeerPage.open(t, browser, address, options)
  await cleo.join('room1')
  t.match(await cleo.error(), /This room is full/)
  await togglesWork(anna, ben)
})

for (const sitter of ['our SDK', 'Ant Media\'s SDK']) {
  t.test(`an Ant Media page whose connection is swallowed joins a page with ${sitter} again, and is in the call at its first try`, async t => {
    const host = await start(t, await servePages())
    const proxy = await Proxy.start(t, host)
    const ben = sitter === 'our SDK'
      ? await PeerPage.open(t, browser, `${host}/WebRTCApp4`, options)
      : await PlainPage.open(t, browser, `${host}/WebRTCApp4/ant.html`, options)
    const anna = await PlainPage.open(t, browser, `${proxy.origin}/WebRTCApp4/ant.html`, options)
    await ben.join('room1')
    await Wire.of(ben.page).heard('"joined"')
    await anna.join('room1')
    await inCall(anna, ben)
    // The same person on another network: what the old one still held stays open, and silent.
    const again = await PlainPage.open(t, browser, `${host}/WebRTCApp4/ant.html`, options)
    proxy.swallow()
    await again.call('join', 'room1')
    await inCall(again, ben)
    const { frames, received } = Wire.of(again.page)
    t.equal(frames.filter(({ way, text }) => way === 'out' && text.includes('"join"')).length, 1, 'it asked once')
    t.notOk(received.some(text => text.includes('NoSpaceForNewPeer')), 'and was not turned away')
  })
}
