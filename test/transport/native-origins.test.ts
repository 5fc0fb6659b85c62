import Fastify from 'fastify'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import { handshakeOf, NATIVE_NAMES, wsOptions } from '../helpers/native-handshakes.js'
import { type Host, host as start } from '../helpers/host.js'
import { refusal, SignallingClient } from '../helpers/signalling-client.js'

// Who comes in without an origin that is allowed: native clients, and nobody that a browser may be behind.

const host = (t: Test, options: WebrtcSignallingOptions = {}) => start(t, { serveClient: false, ...options })

/** What a WebSocket handshake of a page bears, in Firefox, in Chromium and in a Safari of 2020, beside its `Origin`. */
const BROWSERS: Record<string, Record<string, string>> = {
  Firefox: {
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0',
    accept: '*/*',
    'accept-language': 'en-US,en;q=0.9',
    'accept-encoding': 'gzip, deflate, br, zstd',
    'sec-fetch-dest': 'empty',
    'sec-fetch-mode': 'websocket',
    'sec-fetch-site': 'cross-site',
    pragma: 'no-cache',
    'cache-control': 'no-cache'
  },
  Chromium: {
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'accept-language': 'en-US,en;q=0.9',
    'accept-encoding': 'gzip, deflate, br, zstd',
    pragma: 'no-cache',
    'cache-control': 'no-cache'
  },
  'Safari of 2020': {
    'user-agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.0 Safari/605.1.15',
    pragma: 'no-cache',
    'cache-control': 'no-cache'
  }
}

/** The status of a handshake: 101, or that of the refusal. */
async function status ({ origin }: Host, headers: Record<string, string>, path = '/app'): Promise<number> {
  const address = `${origin.replace('http', 'ws')}${path}`
  const socket = new WebSocket(address, { headers, perMessageDeflate: false })
  socket.on('error', () => {})
  const code = await Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, response]) => (response as { statusCode: number }).statusCode)
  ])
  socket.terminate()
  return code
}

const hostOf = ({ origin }: Host): string => new URL(origin).host

for (const name of NATIVE_NAMES) {
  t.test(`${name} comes in by the handshake that it makes, with default options and with a list of pages`, async t => {
    for (const options of [{}, { allowedOrigins: ['https://app.example.com'] }, { allowedOrigins: [] }]) {
      const server = await host(t, options)
      const handshake = handshakeOf(name, hostOf(server))
      const client = await SignallingClient.connect(t, `${server.origin}/app`, wsOptions(handshake), handshake.protocols)
      t.match(await client.join('room1'), { definition: 'joined' }, JSON.stringify(options))
    }
  })

  t.test(`${name} with a cookie is held to the rule for pages, since the attack from another site lives on cookies`, async t => {
    const server = await host(t, { allowedOrigins: ['https://app.example.com'] })
    const { headers } = handshakeOf(name, hostOf(server))
    t.equal(await status(server, { ...headers, cookie: 'sessionId=1' }), 403)
    // Without an Origin no page is behind it, unless a proxy has taken that away.
    if (headers.origin === undefined) return
    t.equal(await status(server, { ...headers, authorization: 'Basic YTpi' }), 403)
    const listed = await host(t, { allowedOrigins: ['self', headers.origin.replace(hostOf(server), 'localhost')] })
    if (headers.origin === 'https://www.google.com' || name === 'GStreamer') t.equal(await status(listed, { ...headers, cookie: 'sessionId=1' }), 101, 'unless its Origin is in the list')
  })
}

for (const [browser, headers] of Object.entries(BROWSERS)) {
  t.test(`A page in ${browser} passes for no native client, whatever its origin, and whatever single header a proxy takes away`, async t => {
    const server = await host(t, { allowedOrigins: ['https://app.example.com'] })
    // The last is a page that the same host serves on another port, which a list leaves out.
    for (const origin of ['https://www.google.com', 'https://evil.example', 'null', 'ws://evil.example', 'http://localhost:1']) {
      t.equal(await status(server, { origin, ...headers }), 403, origin)
      for (const gone of Object.keys(headers)) {
        const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== gone))
        t.equal(await status(server, { origin, ...rest }), 403, `${origin} without ${gone}`)
      }
    }
  })

  t.test(`${browser} behind a proxy that takes the Origin away gets 403, and the log says what the proxy must do`, async t => {
    const server = await host(t)
    t.equal(await status(server, headers), 403)
    t.match(server.log.from(40), [/proxy must pass 'Origin' on/])
    for (const gone of ['user-agent', 'pragma'] as const) {
      const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== gone))
      t.equal(await status(server, rest), gone === 'user-agent' ? 101 : 403, `without ${gone}`)
    }
  })
}

t.test('Where a proxy leaves nothing of a browser\'s headers but its Origin, other sites\' pages stay out all the same', async t => {
  const server = await host(t)
  for (const origin of ['https://evil.example', 'https://google.com', 'https://www.google.com.evil.example', 'http://www.google.com', 'null', 'ws', 'ws:evil.example', 'wsx://evil.example', 'https://ws://x']) {
    t.equal(await status(server, { origin }), 403, origin)
  }
})

t.test('Each mark of a browser alone keeps a handshake from passing for a native one', async t => {
  const server = await host(t)
  const native = { origin: 'https://www.google.com' }
  t.equal(await status(server, native), 101)
  const marks = {
    ...BROWSERS.Firefox,
    'accept-encoding': 'deflate',
    'user-agent': 'Anything/1.0',
    cookie: 'a=b',
    authorization: 'Basic YTpi',
    referer: 'https://evil.example/',
    'sec-fetch-storage-access': 'none',
    'sec-ch-ua': '"Chromium"',
    dnt: '1',
    'sec-gpc': '1'
  }
  for (const [name, value] of Object.entries(marks)) {
    if (name === 'accept') continue
    t.equal(await status(server, { ...native, [name]: value }), 403, name)
  }
  // What proxies add of their own accord.
  const proxied = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https', via: '1.1 proxy', 'accept-encoding': 'gzip, br', 'cdn-loop': 'proxy' }
  t.equal(await status(server, { ...native, ...proxied }), 101, 'and what a proxy adds does not')
})

t.test('With `nativeClients: false` only the pages that are allowed come in', async t => {
  const server = await host(t, { nativeClients: false })
  for (const name of NATIVE_NAMES) {
    const { headers } = handshakeOf(name, hostOf(server))
    t.equal(await status(server, headers), name.startsWith('React') ? 101 : 403, name)
  }
  t.equal(await status(server, {}), 403)
  t.equal(await status(server, { origin: server.origin }), 101)
  const every = await host(t, { nativeClients: false, allowedOrigins: '*' })
  t.equal(await status(every, { origin: 'https://evil.example' }), 101)
  t.equal(await status(every, {}), 403)
})

t.test('An application says for itself whether native clients come in, and what it leaves out is that of all', async t => {
  const server = await host(t, { nativeClients: false, allowedOrigins: ['https://app.example.com'], apps: { phones: { nativeClients: true }, pages: {}, others: { allowedOrigins: ['https://other.example'] } } })
  for (const [app, android, page, other] of [['phones', 101, 101, 403], ['pages', 403, 101, 403], ['others', 403, 403, 101]] as const) {
    t.equal(await status(server, { origin: 'https://www.google.com' }, `/${app}`), android, app)
    t.equal(await status(server, { origin: 'https://app.example.com' }, `/${app}`), page, app)
    t.equal(await status(server, { origin: 'https://other.example' }, `/${app}`), other, app)
  }
})

t.test('A function in `allowedOrigins` is asked about pages, and about this server\'s own address; not about what only a library writes', async t => {
  const asked: string[] = []
  const server = await host(t, { allowedOrigins: origin => { asked.push(origin); return false } })
  t.equal(await status(server, { origin: 'https://www.google.com' }), 101)
  t.equal(await status(server, { origin: 'wss://app.example.com' }), 101)
  t.equal(await status(server, { origin: server.origin }), 403)
  t.equal(await status(server, { origin: 'https://www.google.com', ...BROWSERS.Firefox }), 403)
  t.same(asked, [server.origin, 'https://www.google.com'])
})

t.test('`nativeClients` that is no boolean stops the start', async t => {
  const app = Fastify()
  // @ts-expect-error not a boolean
  await t.rejects(async () => app.register(webrtcSignalling, { nativeClients: 'yes' }), { code: 'FST_WEBRTC_BAD_OPTION', message: /'nativeClients'/ })
})

t.test('A refusal of a browser\'s page still says 403 with its code', async t => {
  const { origin } = await host(t)
  t.match(await refusal(`${origin}/app`, { headers: { origin: 'https://www.google.com', ...BROWSERS.Chromium } }), { status: 403, body: { code: 'FST_WEBRTC_ORIGIN_NOT_ALLOWED' } })
})
