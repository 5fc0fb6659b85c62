import { createHash, randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { cameraOffAndOn } from '../helpers/camera-off-and-on.js'
import { launch, type VisitOptions } from '../helpers/browser.js'
import { launchFirefox } from '../helpers/firefox.js'
import { bothAgree, collisions, together } from '../helpers/glare.js'
import { HostProcess } from '../helpers/host-process.js'
import { capturing, inCall, receives, watchForBreaks } from '../helpers/media.js'
import { heard, note } from '../helpers/page-adaptor.js'
import { PeerPage } from '../helpers/peer-page.js'
import { giveScreen, isBlue, isCamera } from '../helpers/picture.js'
import { Proxy } from '../helpers/proxy.js'
import { Wire } from '../helpers/wire.js'

// Debian's Firefox in a call with Chromium. Whoever is first in the room makes the offer, so that each is first once.

const browsers = { Chromium: await launch(t), Firefox: await launchFirefox(t) }
const host = await HostProcess.start(t)
const { origin } = new URL(host.address)

type Name = keyof typeof browsers

let rooms = 0

/** A lost connection is what some of these tests are about, and browsers tell it to the console. */
const options: VisitOptions = { expected: [/WebSocket connection to .* failed/, /net::ERR_/, /can’t establish a connection to the server/, /was interrupted while the page was loading/] }

/** Two in a call, each with a way of its own to the server: first whoever was first in the room. */
async function call (t: Test, first: Name): Promise<{ room: string, people: [PeerPage, PeerPage], ways: [Proxy, Proxy] }> {
  // Those of the test before may not have gone yet, on a busy machine.
  const room = `room-${++rooms}`
  const [one, other] = first === 'Firefox' ? [browsers.Firefox, browsers.Chromium] : [browsers.Chromium, browsers.Firefox]
  const ways: [Proxy, Proxy] = [await Proxy.start(t, origin), await Proxy.start(t, origin)]
  const [anna, ben] = await Promise.all([
    PeerPage.open(t, one, `${ways[0].origin}/WebRTCApp4`, options),
    PeerPage.open(t, other, `${ways[1].origin}/WebRTCApp4`, options)
  ])
  await anna.join(room)
  await anna.is('waiting')
  await ben.join(room)
  await inCall(anna, ben)
  return { room, people: [anna, ben], ways }
}

for (const first of ['Chromium', 'Firefox'] as const) {
  t.test(`${first} first: camera and microphone go off and on at either side in one call, and the other side is told`, async t => {
    const { people } = await call(t, first)
    const [anna, ben] = people
    for (const [near, far] of [[anna, ben], [ben, anna]] as const) {
      await cameraOffAndOn(t, near, far)
      await near.press('Microphone', 'off')
      t.equal(await capturing(near.page, 'audio'), 0, 'the microphone is given back')
      await far.page.getByRole('img', { name: 'Their microphone is off' }).waitFor()
      await receives(far.page, 'picture only')
      await near.press('Microphone', 'on')
      await far.page.getByRole('img', { name: 'Their microphone is off' }).waitFor({ state: 'hidden' })
      await inCall(near, far)
    }
    for (const { page } of people) t.equal(await page.evaluate(() => window.observed.connections.length), 1, 'it was one call all along')
  })

  t.test(`${first} first: either page is reloaded, joins again, and both see and hear each other`, async t => {
    const { room, people: [anna, ben] } = await call(t, first)
    for (const [goes, stays] of [[anna, ben], [ben, anna]] as const) {
      await goes.page.reload()
      await stays.is('waiting')
      await goes.is('ready')
      await goes.join(room)
      await inCall(goes, stays)
    }
  })

  t.test(`${first} first: the screen is shared from either side to the other, alone and with the camera in a corner, and the camera is back after it`, async t => {
    const { people: [anna, ben] } = await call(t, first)
    for (const [near, far] of [[anna, ben], [ben, anna]] as const) {
      await giveScreen(near.page)
      const share = near.page.getByRole('button', { name: 'Share screen' })
      await share.click()
      await far.page.getByText('You see their screen').waitFor()
      await isBlue(far.page, false)
      t.equal(await capturing(near.page, 'video'), 1, 'the camera is in a corner')
      await near.page.getByRole('button', { name: 'Settings' }).click()
      await near.page.getByLabel('Keep me in a corner').uncheck()
      await isBlue(far.page, true)
      await near.page.keyboard.press('Escape')
      await share.click()
      await far.page.getByText('In call').waitFor()
      await isCamera(far.page)
      await inCall(near, far)
    }
  })

  t.test(`${first} first: texts and a file go either way over the data channel, and the file is the same to the byte`, async t => {
    const { people: [anna, ben] } = await call(t, first)
    for (const { page } of [anna, ben]) await page.getByRole('button', { name: 'Chat' }).click()
    for (const [near, far, text] of [[anna, ben, 'Grüße ✓'], [ben, anna, 'and back']] as const) {
      await near.page.getByLabel('Message', { exact: true }).fill(text)
      await near.page.keyboard.press('Enter')
      await far.page.getByRole('log').getByText(text).waitFor()
      const buffer = randomBytes(4_000_001)
      const name = `${text.length}.bin`
      await near.page.locator('#files').setInputFiles({ name, mimeType: '', buffer })
      const saved = await watchSaved(far)
      await far.page.getByRole('button', { name: 'Save', exact: true }).click()
      await near.page.getByText('4 MB · sent').waitFor()
      t.equal(await saved(), createHash('sha256').update(buffer).digest('hex'))
    }
  })

  t.test(`${first} first: the signalling connection is cut at either side or at both, the picture never stops, and a camera can be switched afterwards`, async t => {
    const { people, ways } = await call(t, first)
    const [anna, ben] = people
    for (const { page } of people) await note(page, 'reconnected')
    for (const cut of [[0], [1], [0, 1]]) {
      const breaks = await Promise.all(people.map(({ page }) => watchForBreaks(page)))
      await Promise.all(people.map(({ page }) => page.evaluate(() => { (window as unknown as { heard: unknown[] }).heard.length = 0 })))
      for (const side of cut) ways[side as 0 | 1].cut()
      await Promise.all(cut.map(async side => heard<{ resumed: boolean }>(people[side as 0 | 1].page, 'reconnected', ({ resumed }) => resumed)))
      await inCall(anna, ben)
      t.same(await Promise.all(breaks.map(async read => read())), [[], []])
      for (const [near, far] of [[anna, ben], [ben, anna]] as const) {
        await near.press('Camera', 'off')
        await far.page.getByText('Their camera is off').waitFor()
        await near.press('Camera', 'on')
        await inCall(near, far)
      }
    }
  })

  t.test(`${first} first: the server is killed in the call and started again, the picture goes on, and both come back by themselves`, async t => {
    const { people } = await call(t, first)
    const [anna, ben] = people
    for (const { page } of people) await note(page, 'reconnected')
    const breaks = await Promise.all(people.map(({ page }) => watchForBreaks(page)))
    await host.kill()
    await Promise.all(people.map(async peer => peer.is('reconnecting')))
    await inCall(anna, ben)
    await host.start()
    await Promise.all(people.map(async ({ page }) => heard(page, 'reconnected')))
    await Promise.all(people.map(async peer => peer.is('call')))
    await inCall(anna, ben)
    t.same(await Promise.all(breaks.map(async read => read())), [[], []])
  })

  t.test(`${first} first: both switch their cameras at the same instant, and renegotiate at the same instant again and again: both are seen, and agree`, async t => {
    const { people } = await call(t, first)
    const [anna, ben] = people
    // First of all: here Chromium, where it came second, once left the track of an offer that was taken back muted for ever.
    await together(people, 'turnOffLocalCamera')
    await Promise.all(people.map(async ({ page }) => page.getByText('Their camera is off').waitFor()))
    await together(people, 'turnOnLocalCamera')
    await inCall(anna, ben)
    const inChromium = people[first === 'Chromium' ? 0 : 1]
    for (let round = 0; round < 8 || (round < 40 && collisions(inChromium) === 0); round++) {
      await together(people, 'negotiate')
      await bothAgree(t, anna, ben)
    }
    t.comment(`offers crossed ${collisions(inChromium)} times`)
    t.ok(collisions(inChromium) > 0, 'offers crossed')
    await inCall(anna, ben)
    t.equal(await anna.page.evaluate(() => window.observed.connections.length), 1, 'in one call all along')
    // Of one transport for all: see `bundlePolicy` in client-options.ts.
    t.same(sectionsOfCandidates(inChromium), ['0'], 'candidates were found for the first section alone')
  })
}

/** For which sections of the descriptions there were candidates, of either side. */
function sectionsOfCandidates ({ page }: PeerPage): string[] {
  const frames = Wire.of(page).frames.filter(({ text }) => text.includes('"takeCandidate"'))
  return [...new Set(frames.map(({ text }) => (JSON.parse(text) as { id: string }).id))]
}

/** Keeps what the page saves next; what it gives back waits for it, and gives its hash. */
async function watchSaved ({ page }: PeerPage): Promise<() => Promise<string>> {
  const saved = await page.evaluateHandle(() => {
    const keep = URL.createObjectURL.bind(URL)
    const blob = new Promise<Blob>(resolve => {
      URL.createObjectURL = file => {
        URL.createObjectURL = keep
        resolve(file as Blob)
        return keep(file)
      }
    })
    return { blob }
  })
  return async () => saved.evaluate(async ({ blob }) => {
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await (await blob).arrayBuffer()))
    return Array.from(hash, byte => byte.toString(16).padStart(2, '0')).join('')
  })
}
