import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import t, { type Test } from 'tap'
import { build } from '../../example/basic/server.js'
import { cameraOffAndOn } from '../helpers/camera-off-and-on.js'
import { launch } from '../helpers/browser.js'
import { capturing, fingerprints, inCall, isCleared, receives } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'
import { Wire } from '../helpers/wire.js'

const browser = await launch(t)
const app = `${await start(t, await build())}/WebRTCApp4`

/** Two people who sit in `room` and see and hear each other. */
async function call (t: Test, room: string, { first = app, second = app } = {}): Promise<[PeerPage, PeerPage]> {
  const anna = await PeerPage.open(t, browser, first)
  await anna.join(room)
  await anna.is('waiting')
  const ben = await PeerPage.open(t, browser, second)
  await ben.join(room)
  await Promise.all([anna.is('call'), ben.is('call')])
  await inCall(anna, ben)
  return [anna, ben]
}

t.test('two people who join the same room see and hear each other', async t => {
  const [anna, ben] = await call(t, 'together')
  const [a, b] = [await fingerprints(anna.page), await fingerprints(ben.page)]
  t.equal(a.other, b.own)
  t.equal(b.other, a.own)
  t.match(anna.page.url(), /\?room=together$/, 'the address bar has the link to the room')
})

t.test('a camera switched off goes dark at the other side, and comes back live in the same call', async t => {
  const [anna, ben] = await call(t, 'camera')
  for (const [near, far] of [[anna, ben], [ben, anna]] as const) {
    await cameraOffAndOn(t, near, far)
    t.equal(await capturing(near.page, 'video'), 1, 'and is lit again')
  }
  for (const { page } of [anna, ben]) {
    t.equal(await page.evaluate(() => window.observed.connections.length), 1, 'it was one call all along')
  }
})

t.test('a muted microphone falls silent at the other side while the picture goes on, and is heard again', async t => {
  const [anna, ben] = await call(t, 'microphone')
  for (const [near, far] of [[anna, ben], [ben, anna]] as const) {
    await near.press('Microphone', 'off')
    t.equal(await capturing(near.page, 'audio'), 0, 'the microphone is given back')
    await receives(far.page, 'picture only')
    await near.press('Microphone', 'on')
    await inCall(near, far)
  }
})

t.test('either side leaves and joins again', async t => {
  const [anna, ben] = await call(t, 'again')
  for (const [goes, stays] of [[anna, ben], [ben, anna]] as const) {
    await goes.leave()
    await stays.is('waiting')
    await Promise.all([isCleared(goes.page), isCleared(stays.page)])
    await goes.join('again')
    await inCall(goes, stays)
  }
})

t.test('a closed tab clears the picture of the other side, who is there for the next one', async t => {
  const [anna, ben] = await call(t, 'closed-tab')
  await ben.page.close()
  await anna.is('waiting')
  await isCleared(anna.page)
  const cleo = await PeerPage.open(t, browser, app)
  await cleo.join('closed-tab')
  await inCall(anna, cleo)
})

t.test('a reloaded tab joins again and finds its place free', async t => {
  const [anna, ben] = await call(t, 'reload')
  await ben.page.reload()
  await ben.is('ready')
  await ben.join('reload')
  await inCall(anna, ben)
})

t.test('a third visitor is told that the room is full, and the call goes on', async t => {
  const [anna, ben] = await call(t, 'full')
  const cleo = await PeerPage.open(t, browser, app)
  await cleo.join('full')
  t.match(await cleo.error(), /This room is full/)
  await cleo.is('ready')
  await inCall(anna, ben)
  await cleo.join('elsewhere')
  await cleo.is('waiting')
})

/** Nothing that a page received bears the certificate of anybody but its own partner: neither offer nor answer strayed. */
async function areApart (t: Test, ...calls: [PeerPage, PeerPage][]): Promise<void> {
  const people = await Promise.all(calls.flatMap(([a, b], room) => [a, b].map(async ({ page }) => ({ room, page, ...await fingerprints(page) }))))
  for (const { room, page, own, other } of people) {
    t.equal(people.find(person => person.own === other)?.room, room, 'talks to somebody in the same room')
    const others = people.filter(person => person.room !== room)
    t.notOk(Wire.of(page).received.some(frame => others.some(person => frame.includes(person.own))), 'hears nothing of the other room')
    t.ok(Wire.of(page).received.some(frame => frame.includes(other)), 'while its partner is among what it heard')
    t.not(own, other)
  }
}

t.test('two rooms at once never hear each other', async t => {
  const one = await call(t, 'room-one')
  const two = await call(t, 'room-two')
  await areApart(t, one, two)
  await two[0].leave()
  await two[1].is('waiting')
  await inCall(...one)
})

t.test('two apps with a room of the same name never hear each other', async t => {
  const host = Fastify()
  await host.register(webrtcSignalling, { apps: ['north', 'south'] })
  const origin = await start(t, host)
  const north = await call(t, 'room1', { first: `${origin}/north`, second: `${origin}/north` })
  const south = await call(t, 'room1', { first: `${origin}/south`, second: `${origin}/south` })
  await areApart(t, north, south)
  await south[0].leave()
  await south[1].is('waiting')
  await inCall(...north)
})
