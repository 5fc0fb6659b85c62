import type { Page } from 'playwright-core'
import t from 'tap'
import { useCall } from '../../lib/client/frameworks/react.js'
import { WebrtcCall } from '../../lib/client/frameworks/webrtc-call.js'
import { launch, visit } from '../helpers/browser.js'
import { start } from '../helpers/start.js'

// The hook for React and the element, in their examples: real frameworks, real calls.

const browser = await launch(t)

/** Waits until this video's picture has a size and moves. */
async function plays (page: Page, selector: string): Promise<void> {
  const video = page.locator(selector)
  await video.evaluate(element => new Promise<void>(resolve => { (element as HTMLVideoElement).requestVideoFrameCallback(() => resolve()) }))
}

/** No device that the page has got is on. */
async function released (page: Page): Promise<void> {
  await page.waitForFunction(() => window.observed.captured.length > 0 && window.observed.captured.every(track => track.readyState === 'ended'))
}

t.test('React: a call in strict mode, its controls, and an end that leaves nothing on', async t => {
  const { build } = await import('../../example/react/server.js')
  const app = await build()
  const address = await start(t, app)
  const join = async (): Promise<Page> => {
    const page = await visit(t, browser, `${address}/`)
    await page.getByRole('button', { name: 'Join' }).click()
    return page
  }
  const anna = await join()
  await anna.getByText('Waiting for somebody else.').waitFor()
  const ben = await join()
  await Promise.all([anna, ben].flatMap(page => [plays(page, '#remoteVideo'), plays(page, '#localVideo')]))
  for (const page of [anna, ben]) await page.getByText('You are in a call.').waitFor()
  t.equal(await anna.locator('#localVideo').evaluate(video => (video as HTMLVideoElement).muted), true, 'the preview is not heard')
  t.equal((await app.rooms.get('WebRTCApp4', 'room1'))?.peers.length, 2, 'one seat for each person, however often strict mode mounts')

  const camera = anna.getByRole('button', { name: 'Camera' })
  await camera.click()
  await anna.locator('button[aria-pressed=false]', { hasText: 'Camera' }).waitFor()
  await ben.getByText('Their camera is off.').waitFor()
  await camera.click()
  await ben.getByText('You are in a call.').waitFor()
  await plays(ben, '#remoteVideo')
  await anna.getByRole('button', { name: 'Microphone' }).click()
  await anna.locator('button[aria-pressed=false]', { hasText: 'Microphone' }).waitFor()

  await anna.getByRole('button', { name: 'Leave' }).click()
  await ben.getByText('Waiting for somebody else.').waitFor()
  await released(anna)
  t.equal(await anna.evaluate(() => window.observed.connections.every(({ signalingState }) => signalingState === 'closed')), true)

  await anna.getByRole('button', { name: 'Join' }).click()
  await plays(anna, '#remoteVideo')
  await plays(ben, '#remoteVideo')
})

t.test('React: a page that is rendered on a server has no call yet', async t => {
  const { createElement } = await import('react')
  const { renderToString } = await import('react-dom/server')
  let seen: unknown
  t.equal(renderToString(createElement(() => {
    const { adaptor, connection, room } = useCall('room1')
    seen = { adaptor, connection, room }
    return createElement('p', null, connection)
  })), '<p>connecting</p>')
  t.same(seen, { adaptor: null, connection: 'connecting', room: null })
})

t.test('The element: a call under a strict policy, its buttons, its attributes, and an end that leaves nothing on', async t => {
  const { build } = await import('../../example/element/server.js')
  const app = await build()
  const address = await start(t, app)
  const open = async (): Promise<Page> => visit(t, browser, `${address}/`)
  const anna = await open()
  const ben = await open()
  await Promise.all([anna, ben].flatMap(page => [plays(page, '[part=remote]'), plays(page, '[part=local]')]))
  t.equal(await anna.locator('[part=local]').evaluate(video => (video as HTMLVideoElement).muted), true, 'the preview is not heard')
  t.equal(await anna.locator('[part=local]').evaluate(video => getComputedStyle(video).position), 'absolute', 'its style is there')
  const codes = await Promise.all([anna, ben].map(async page => page.locator('[part=code]:not(:empty)').textContent()))
  t.equal(codes[0], codes[1], 'both are shown one code')

  await ben.evaluate(() => {
    const heard: string[] = (window as unknown as { heard: string[] }).heard = []
    const call = document.querySelector('webrtc-call')
    for (const name of ['remote_media_changed', 'peerLeft', 'joined', 'statechange', 'error']) call?.addEventListener(name, () => heard.push(name))
  })
  await anna.getByRole('button', { name: 'Camera' }).click()
  await ben.waitForFunction(() => document.querySelector('webrtc-call')?.state.remoteMedia.video === 'off')
  await anna.getByRole('button', { name: 'Camera' }).click()
  await ben.waitForFunction(() => document.querySelector('webrtc-call')?.state.remoteMedia.video === 'live')
  await anna.getByRole('button', { name: 'Microphone' }).click()
  await ben.waitForFunction(() => document.querySelector('webrtc-call')?.state.remoteMedia.audio === 'off')

  const seat = async (): Promise<string | undefined> => (await app.rooms.get('WebRTCApp4', 'room1'))?.peers.map(({ id }) => id).sort().join()
  const before = await seat()
  await anna.evaluate(() => { document.body.prepend(document.querySelector('webrtc-call') as Node) })
  await plays(anna, '[part=remote]')
  t.equal(await seat(), before, 'an element that is moved within the page keeps its call')

  await anna.evaluate(() => document.querySelector('webrtc-call')?.setAttribute('room', 'room2'))
  await ben.waitForFunction(() => document.querySelector('webrtc-call')?.state.peerPresent === false)
  await anna.waitForFunction(() => document.querySelector('webrtc-call')?.state.room === 'room2')
  await anna.evaluate(() => document.querySelector('webrtc-call')?.setAttribute('room', 'room1'))
  await plays(ben, '[part=remote]')

  await anna.evaluate(() => document.querySelector('webrtc-call')?.remove())
  await ben.waitForFunction(() => document.querySelector('webrtc-call')?.state.peerPresent === false)
  await released(anna)
  const heard = await ben.evaluate(() => (window as unknown as { heard: string[] }).heard)
  t.ok(['remote_media_changed', 'peerLeft', 'statechange'].every(name => heard.includes(name)), String(heard))
  t.notOk(heard.includes('error'))
})

t.test('The element tells of an error, and may be imported on a server', async t => {
  const { build } = await import('../../example/element/server.js')
  const address = await start(t, await build())
  const page = await visit(t, browser, `${address}/`)
  const name = await page.evaluate(() => new Promise<string>(resolve => {
    const call = document.createElement('webrtc-call')
    call.setAttribute('websocket-url', 'WebRTCApp4')
    call.setAttribute('room', 'x'.repeat(5_000))
    call.addEventListener('error', event => resolve((event as unknown as CustomEvent<Error>).detail.name))
    document.body.append(call)
  }))
  t.ok(name.length > 0, name)
  t.type(WebrtcCall, 'function')
})
