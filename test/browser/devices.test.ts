import { createServer, type AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import t, { type Test } from 'tap'
import { launch, visit } from '../helpers/browser.js'
import { capturing, receives } from '../helpers/media.js'
import { PlainPage } from '../helpers/plain-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// What callbackError of the seed page is called with when the browser itself, and no stub, has no camera to give.

const origin = await start(t, await servePages())

async function told (t: Test, browser: Browser, address: string, error: string): Promise<string[]> {
  const page = new PlainPage(await visit(t, browser, `${address}/WebRTCApp4/seed.html`, { context: { permissions: [] } }))
  await page.hears(`error: ${error}`)
  return (await page.told()).filter(entry => entry !== 'initialized')
}

t.test('NotAllowedError when nobody has allowed the page to use the camera, once', async t => {
  const browser = await launch(t, { whole: true, without: ['--use-fake-ui-for-media-stream'] })
  t.same(await told(t, browser, origin, 'NotAllowedError'), ['error: NotAllowedError'])
})

for (const [allowed, kind] of [['microphone', 'audio'], ['camera', 'video']] as const) {
  t.test(`with the ${allowed} allowed and the other device blocked, a page that joins at "initialized" is in the call with the ${allowed}`, async t => {
    const browser = await launch(t, { whole: true, without: ['--use-fake-ui-for-media-stream'] })
    // What is not granted here is blocked: nobody is asked.
    const half = await PlainPage.open(t, browser, `${origin}/WebRTCApp4/readme.html`, { context: { permissions: [allowed] } })
    t.same((await half.told()).filter(entry => entry.startsWith('error')), ['error: NotAllowedError'])
    t.equal(await capturing(half.page, kind), 1)
    await half.hears('joined')
    const whole = await PlainPage.open(t, browser, `${origin}/WebRTCApp4/readme.html`)
    await whole.hears('joined')
    await receives(half.page)
    await receives(whole.page, kind === 'audio' ? 'sound only' : 'picture only')
  })
}

t.test('with neither allowed, or no device at all, a page that joins at "initialized" watches the other one', async t => {
  const blocked = await launch(t, { whole: true, without: ['--use-fake-ui-for-media-stream'] })
  const watcher = await PlainPage.open(t, blocked, `${origin}/WebRTCApp4/readme.html`, { context: { permissions: [] } })
  await watcher.hears('joined')
  const other = await PlainPage.open(t, blocked, `${origin}/WebRTCApp4/readme.html`)
  await other.hears('joined')
  await receives(watcher.page)
})

t.test('NotFoundError when there is no camera; with the microphone that there is it goes on', async t => {
  const browser = await launch(t, { args: ['--use-fake-device-for-media-stream=device-count=0'] })
  const page = await PlainPage.open(t, browser, `${origin}/WebRTCApp4/seed.html`)
  t.same((await page.told()).filter(entry => entry.startsWith('error')), ['error: NotFoundError'])
  t.equal(await capturing(page.page, 'audio'), 1)
})

t.test('SecurityError when the page comes neither from https nor from localhost', async t => {
  const browser = await launch(t, { args: ['--host-resolver-rules=MAP insecure.example localhost'] })
  t.same(await told(t, browser, origin.replace('localhost', 'insecure.example'), 'SecurityError'), ['error: SecurityError'])
})

t.test('WebSocketNotConnected when nobody listens at websocket_url', async t => {
  const browser = await launch(t)
  const nobody = createServer()
  await new Promise<void>(resolve => nobody.listen(0, 'localhost', resolve))
  const { port } = nobody.address() as AddressInfo
  await new Promise(resolve => nobody.close(resolve))
  const { page } = await PlainPage.open(t, browser, `${origin}/WebRTCApp4/seed.html`, { expected: [/ERR_CONNECTION_REFUSED/] })
  const errors = await page.evaluate(async port => new Promise<string[]>(resolve => {
    const told: string[] = []
    const { WebRTCAdaptor } = window as unknown as { WebRTCAdaptor: new (options: object) => unknown }
    const adaptor = new WebRTCAdaptor({
      websocket_url: `ws://localhost:${port}/WebRTCApp4`,
      mediaConstraints: { video: false, audio: false },
      reconnect: ({ attempt }: { attempt: number }) => attempt < 3 ? 0 : null,
      callbackError: (error: string) => told.push(error),
      callback: (info: string) => {
        told.push(info)
        if (info === 'closed') resolve(told)
      }
    })
    void adaptor
  }), port)
  t.same(errors, ['WebSocketNotConnected', 'WebSocketNotConnected', 'closed'], 'once when it cannot be reached yet, once when no more is tried')
})
