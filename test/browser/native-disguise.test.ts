import { once } from 'node:events'
import type { Browser } from 'playwright-core'
import t from 'tap'
import { WebSocket } from 'ws'
import { launch } from '../helpers/browser.js'
import { launchFirefox } from '../helpers/firefox.js'
import { handshakeOf, wsOptions } from '../helpers/native-handshakes.js'
import { startServer } from '../helpers/signalling-server.js'
import { strippingProxy } from '../helpers/stripping-proxy.js'

// Android's library sends the Origin of another site's pages. Here those pages try to come in as if they were that library:
// in two real browsers, with the very Origin, straight and through proxies that take away what gives a browser away.

/** The one page that sends the Origin that Android's library sends. */
const DISGUISE = 'https://www.google.com/'
const PAGE = { status: 200, contentType: 'text/html', body: '<!doctype html><title>Elsewhere</title>' }
const STRIPPED: string[][] = [
  [],
  ['user-agent'],
  ['user-agent', 'accept', 'accept-language', 'accept-encoding'],
  ['user-agent', 'sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site', 'sec-fetch-storage-access', 'sec-websocket-extensions']
]

/** Connects as a script of a page. */
const connect = (address: string): Promise<string> => new Promise(resolve => {
  const socket = new WebSocket(address) as unknown as { onopen: () => void, onclose: () => void }
  socket.onopen = () => resolve('open')
  socket.onclose = () => resolve('closed')
})

type Attacker = (address: string) => Promise<string>

async function open (browser: Browser): Promise<Attacker> {
  const context = await browser.newContext()
  // Chromium asks before a page reaches the loopback since version 142; the older ones and Firefox know no such permission, and need none.
  await context.grantPermissions(['local-network-access']).catch(() => {})
  const page = await context.newPage()
  await page.route(`${DISGUISE}**`, route => route.fulfill(PAGE))
  await page.goto(DISGUISE)
  return async address => page.evaluate(connect, address)
}

for (const [name, launchIt] of [['Chromium', launch], ['Firefox', launchFirefox]] as const) {
  t.test(`A page in ${name} with the Origin that Android's library sends gets 403, also through proxies that strip headers`, async t => {
    const attack = await open(await launchIt(t))
    const { http } = await startServer(t)
    const port = Number(new URL(http).port)
    for (const gone of STRIPPED) {
      const proxy = await strippingProxy(t, port, gone)
      t.equal(await attack(`ws://localhost:${proxy.port}/app`), 'closed', `without ${gone.join(', ')}`)
      const [headers = {}] = proxy.passed
      t.equal(headers.origin, 'https://www.google.com', 'the browser did send that Origin')
      for (const header of gone) t.notOk(header in headers)
      t.equal(proxy.statuses[0], 403)
      // And so it is the browser's other headers that kept it out: the same without them is Android's handshake.
      t.equal(await android(proxy.port), 'open')
    }
  })
}

/** Android's own handshake, through the same proxy. */
async function android (port: number): Promise<string> {
  const handshake = handshakeOf('Android', `localhost:${port}`)
  const socket = new WebSocket(`ws://localhost:${port}/app`, wsOptions(handshake))
  await once(socket, 'open')
  socket.terminate()
  return 'open'
}
