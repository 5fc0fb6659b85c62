import t, { type Test } from 'tap'
import { launch } from '../helpers/browser.js'
import { capturing, inCall, isCleared, receives } from '../helpers/media.js'
import { PlainPage } from '../helpers/plain-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

const browser = await launch(t)
const address = `${await start(t, await servePages())}/WebRTCApp4/seed.html`

async function call (t: Test, room: string): Promise<[PlainPage, PlainPage]> {
  const anna = await PlainPage.open(t, browser, address)
  const ben = await PlainPage.open(t, browser, address)
  await anna.join(room)
  await ben.join(room)
  await inCall(anna, ben)
  return [anna, ben]
}

t.test('a page with the two script tags and the classic global makes a call', async t => {
  const [anna, ben] = await call(t, 'seed')
  for (const page of [anna, ben]) {
    const told = await page.told()
    t.notOk(told.some(entry => entry.startsWith('error')), `no error among ${told.join(', ')}`)
    t.ok(told.indexOf('initialized') < told.indexOf('joined'))
  }
})

t.test('it leaves with the name of the room, is told "leaved", and joins again', async t => {
  const [anna, ben] = await call(t, 'seed-again')
  await anna.leave('seed-again')
  await Promise.all([isCleared(anna.page), isCleared(ben.page)])
  await anna.join('seed-again')
  await inCall(anna, ben)
})

t.test('it leaves without the name of the room, and the next joiner is called by the one who stayed', async t => {
  const [anna, ben] = await call(t, 'seed-next')
  const cleo = await PlainPage.open(t, browser, address)
  await anna.call('leave')
  await anna.hears('leaved')
  await Promise.all([isCleared(anna.page), isCleared(ben.page)])
  await cleo.join('seed-next')
  await inCall(cleo, ben)
  await ben.call('leave')
  await isCleared(cleo.page)
  await anna.join('seed-next')
  await inCall(anna, cleo)
})

t.test('the lights of camera and microphone go out when they are switched off, and both tracks come back', async t => {
  const [anna] = await call(t, 'seed-lights')
  for (const [kind, off, on] of [['video', 'turnOffLocalCamera', 'turnOnLocalCamera'], ['audio', 'muteLocalMic', 'unmuteLocalMic']] as const) {
    t.equal(await capturing(anna.page, kind), 1)
    await anna.call(off)
    t.equal(await capturing(anna.page, kind), 0, `${off} has ended the track, not just disabled it`)
    await anna.call(on)
    t.equal(await capturing(anna.page, kind), 1)
  }
})

t.test('camera and microphone go off and on with the streamId that such pages pass', async t => {
  const [anna, ben] = await call(t, 'seed-toggles')
  await anna.call('turnOffLocalCamera', 'seed-toggles')
  await receives(ben.page, 'sound only')
  await anna.call('turnOnLocalCamera', 'seed-toggles')
  await receives(ben.page)
  await anna.call('muteLocalMic', 'seed-toggles')
  await receives(ben.page, 'picture only')
  await anna.call('unmuteLocalMic', 'seed-toggles')
  await receives(ben.page)
})

t.test('a room that is full reaches callbackError, and an un-awaited join makes no unhandled rejection', async t => {
  await call(t, 'seed-full')
  const cleo = await PlainPage.open(t, browser, address)
  await cleo.page.evaluate(() => { (window as unknown as { webRTCAdaptor: { join: (room: string) => unknown } }).webRTCAdaptor.join('seed-full') })
  await cleo.hears('error: NoSpaceForNewPeer')
})

t.test('without leave to use camera and microphone, callbackError gets the browser\'s own name for it', async t => {
  for (const name of ['NotAllowedError', 'NotFoundError', 'SecurityError', 'PermissionDeniedError']) {
    const context = await browser.newContext()
    t.teardown(() => context.close())
    const page = await context.newPage()
    await page.addInitScript(name => {
      navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('not now', name) }
    }, name)
    await page.goto(address)
    await new PlainPage(page).hears(`error: ${name}`)
  }
})
