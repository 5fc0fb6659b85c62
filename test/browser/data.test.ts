import { readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { launch } from '../helpers/browser.js'
import { startCoturn } from '../helpers/coturn.js'
import { inCall } from '../helpers/media.js'
import { call, heard, note, refusal } from '../helpers/page-adaptor.js'
import { fileEnds, fileHas, receiveFile, sendRandomFile } from '../helpers/page-files.js'
import { heardNoError, PlainPage } from '../helpers/plain-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'
import { UdpProxy } from '../helpers/udp-proxy.js'
import { issueCredentials } from '../../lib/turn/credentials.js'

// Texts, binaries and files over the data channel.

const browser = await launch(t)
const app = `${await start(t, await servePages())}/WebRTCApp4`

/** The file of the long transfer, in MiB. `DATA_MIB=200` has it as large as the promise is. */
const MIB = Number(process.env.DATA_MIB ?? 32)

const openOurs = async (t: Test, query = ''): Promise<PlainPage> => PlainPage.open(t, browser, `${app}/readme.html${query}`)

interface World {
  webRTCAdaptor: {
    sendData: (room: string, data: unknown) => unknown
    callback?: (info: string, obj: unknown) => void
    on?: (name: string, listener: (payload: unknown) => void) => void
    addEventListener?: (listener: (info: string, obj: unknown) => void) => void
  }
  got: string[]
}

/** Notes what comes: a text as it is, or its length where it is long, a binary by its size and sum. */
async function listen (page: PlainPage): Promise<void> {
  await page.page.evaluate(() => {
    const world = window as unknown as World
    world.got = []
    const take = (payload: unknown) => {
      const { data } = payload as { data: string | ArrayBuffer }
      if (typeof data === 'string') world.got.push(data.length > 50 ? `text of ${data.length}` : data)
      else world.got.push(`${data.byteLength} bytes, sum ${new Uint8Array(data).reduce((sum, byte) => (sum * 31 + byte) % 65_521, 0)}`)
    }
    // Ant Media's SDK has a list of listeners.
    if (world.webRTCAdaptor.on !== undefined) world.webRTCAdaptor.on('data_received', take)
    else world.webRTCAdaptor.addEventListener?.((info, obj) => { if (info === 'data_received') take(obj) })
  })
}

/** Sends a text, a binary of so many bytes, and a text again; gives what is to come. */
async function send (page: PlainPage, room: string, size: number): Promise<string[]> {
  return page.page.evaluate(([room, size]) => {
    const { webRTCAdaptor } = window as unknown as World
    const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) & 255)
    webRTCAdaptor.sendData(room, 'grüße')
    webRTCAdaptor.sendData(room, bytes.buffer)
    webRTCAdaptor.sendData(room, '{"command":"mediaState","camera":false}')
    const sum = bytes.reduce((sum, byte) => (sum * 31 + byte) % 65_521, 0)
    return ['grüße', `${size} bytes, sum ${sum}`, '{"command":"mediaState","camera":false}']
  }, [room, size] as const)
}

const got = async (page: PlainPage, count: number): Promise<string[]> => {
  const found = await page.page.waitForFunction(count => {
    const { got } = window as unknown as World
    return got.length >= count ? got : null
  }, count)
  return await found.jsonValue() as string[]
}

const opened = async (...pages: PlainPage[]): Promise<void> => { await Promise.all(pages.map(async page => page.hears('data_channel_opened'))) }

t.test('texts and binaries go both ways between two pages, in order', async t => {
  const [anna, ben] = [await openOurs(t), await openOurs(t)]
  await opened(anna, ben)
  await Promise.all([listen(anna), listen(ben)])
  for (const [from, to] of [[anna, ben], [ben, anna]] as const) {
    const expected = await send(from, 'room1', 1_000_003)
    t.same(await got(to, expected.length), expected)
  }
  t.equal(await refusal(anna.page, 'sendData', 'another room', 'text'), 'notInRoom')
  await call(ben.page, 'leave')
  await anna.hears('data_channel_closed')
  await heardNoError(t, ben)
})

t.test('a file that is on its way when the other side leaves ends there and then, and says why', async t => {
  const [anna, ben] = [await openOurs(t), await openOurs(t)]
  await opened(anna, ben)
  await receiveFile(ben.page)
  await sendRandomFile(anna.page, 1_048_576_000)
  await fileHas(ben.page, 1_048_576)
  await call(ben.page, 'leave')
  t.equal((await fileEnds(anna.page)).error, 'AbortError: The other side has left.')
  t.equal((await fileEnds(ben.page)).error, 'AbortError')
})

for (const first of ['Ant Media\'s', 'ours'] as const) {
  t.test(`a page with the published SDK of Ant Media exchanges texts and binaries with ours, ${first} being first in the room`, async t => {
    const ant = await PlainPage.open(t, browser, `${app}/ant.html`)
    if (first === 'Ant Media\'s') await ant.join('room1')
    const ours = await openOurs(t)
    if (first === 'ours') {
      await ours.hears('joined')
      await ant.join('room1')
    }
    await opened(ant, ours)
    await Promise.all([listen(ant), listen(ours)])
    // Its own `sendData` sends everything at once, and a browser holds no more than 16 MB.
    const expected = await send(ours, 'room1', 3_000_001)
    t.same(await got(ant, 3), expected)
    t.same(await send(ant, 'room1', 500_001), await got(ours, 3))
    t.equal(await ours.page.evaluate(() => {
      const { webRTCAdaptor } = window as unknown as { webRTCAdaptor: { sendFile: (file: Blob) => Promise<void> } }
      return webRTCAdaptor.sendFile(new Blob(['a'])).then(() => '', (error: Error) => error.name)
    }), 'NotSupportedError')
    t.equal(await refusal(ours.page, 'sendData', 'room1', 'x'.repeat(300_000)), 'tooLarge')
    await heardNoError(t, ant)
    await inCall(ant, ours)
  })
}

t.test(`a file of ${MIB} MiB comes whole although the network is cut, for an ICE restart and for a new peer connection, and little of it is in memory`, async t => {
  const secret = 'a secret'
  const coturn = await startCoturn({ secrets: [secret] })
  t.teardown(() => coturn.stop())
  const proxy = await UdpProxy.start(t, coturn.port)
  const { username, credential } = issueCredentials({ secret, user: 'test', ttl: 3_600, now: Date.now() })
  const servers = [{ urls: `turn:127.0.0.1:${proxy.port}?transport=udp`, username, credential }]
  const query = `?config=${encodeURIComponent(JSON.stringify({ iceServers: servers, iceTransportPolicy: 'relay' }))}`
  const [anna, ben] = [await openOurs(t, query), await openOurs(t, query)]
  await opened(anna, ben)
  await receiveFile(ben.page)
  await note(ben.page, 'file_received')
  const connections = async () => Promise.all([anna, ben].map(async ({ page }) => page.evaluate(() => window.observed.connections.length)))
  const before = await memory()
  const began = Date.now()
  await sendRandomFile(anna.page, MIB * 1_048_576)
  t.match(await heard(ben.page, 'file_received'), { streamId: 'room1' })

  await fileHas(ben.page, MIB * 262_144)
  proxy.cut()
  await anna.page.waitForFunction(() => window.observed.connections.at(-1)?.iceConnectionState === 'disconnected')
  proxy.mend()
  const middle = await memory()
  await fileHas(ben.page, MIB * 524_288)
  const [earlier] = await connections()
  proxy.cut()
  await anna.page.waitForFunction(earlier => window.observed.connections.length > earlier, earlier ?? 0)
  proxy.mend()
  await fileHas(ben.page, MIB * 786_432)
  const late = await memory()
  const [sent, received] = [await fileEnds(anna.page), await fileEnds(ben.page)]
  t.comment(`${Date.now() - began} ms with two cuts, ${await connections()} connections; sender held ${sent.held} bytes, receiver ${received.held}; ` +
    `memory of the pages in MB: ${[before, middle, late].map(bytes => Math.round(bytes / 1e6)).join(', ')}`)
  t.same([sent.error, received.error], [null, null])
  t.equal(received.bytes, MIB * 1_048_576)
  t.equal(received.hash, sent.hash)
  // The window, one block of the test's own that is being read, and what was not told yet.
  t.ok(sent.held <= 4 * 1_048_576 && received.held <= 1_048_576, 'only the window is in memory')
})

/** What the browser's pages hold, in bytes: the resident memory of its renderers. */
async function memory (): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const renderers = processInfo.filter(({ type }) => type === 'renderer')
  const sizes = await Promise.all(renderers.map(async ({ id }) => readFile(`/proc/${id}/statm`, 'utf8').then(text => Number(text.split(' ')[1]) * 4_096, () => 0)))
  return sizes.reduce((sum, size) => sum + size, 0)
}
