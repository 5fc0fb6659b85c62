import helmet from '@fastify/helmet'
import Fastify from 'fastify'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { get, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import t from 'tap'
import webrtcSignalling from '../../lib/index.js'
import { host, listen } from '../helpers/host.js'
import { refusal } from '../helpers/signalling-client.js'

// What is served beside the WebSocket, with which headers, and what a plain GET of the WebSocket's address gets.

// RFC 9239 prefers text/javascript; browsers run both.
const JAVASCRIPT = /^(text|application)\/javascript; charset=utf-8$/
const ASSETS: Record<string, { type: string | RegExp, says: RegExp }> = {
  'peer.html': { type: 'text/html; charset=utf-8', says: /<video/ },
  'peer.css': { type: 'text/css; charset=utf-8', says: /video/ },
  'peer.js': { type: JAVASCRIPT, says: /WebRTCAdaptor/ },
  'peer.svg': { type: 'image/svg+xml', says: /<svg/ },
  'js/webrtc_adaptor.js': { type: JAVASCRIPT, says: /WebRTCAdaptor/ },
  'js/webrtc_adaptor.mjs': { type: JAVASCRIPT, says: /export\s*\{/ },
  'js/webrtc-call.mjs': { type: JAVASCRIPT, says: /export\s*\{/ },
  'js/webrtc_adaptor.devices.mjs': { type: JAVASCRIPT, says: /export\s*\{/ },
  'js/webrtc_adaptor.screen.mjs': { type: JAVASCRIPT, says: /export\s*\{/ },
  'js/webrtc_adaptor.sound.mjs': { type: JAVASCRIPT, says: /export\s*\{/ },
  'js/webrtc_adaptor.stats.mjs': { type: JAVASCRIPT, says: /export\s*\{/ },
  'js/webrtc_adaptor.verification.mjs': { type: JAVASCRIPT, says: /export\s*\{/ },
  'js/webrtc_adaptor.d.ts': { type: 'text/plain; charset=utf-8', says: /WebRTCAdaptor/ },
  'js/adapter-latest.js': { type: JAVASCRIPT, says: /browserDetails/ }
}

/** A GET with headers that `fetch` keeps for itself. */
async function plain (url: string, headers: OutgoingHttpHeaders = {}): Promise<IncomingMessage> {
  const [response] = await once(get(url, { headers, agent: false }), 'response') as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response
}

t.test('The page and the SDK are served below each application, as what they are', async t => {
  const { origin } = await host(t, { apps: ['one', 'two'] })
  for (const app of ['one', 'two']) {
    for (const [path, { type, says }] of Object.entries(ASSETS)) {
      const response = await fetch(`${origin}/${app}/${path}`)
      t.equal(response.status, 200, `${app}/${path}`)
      t.match(response.headers.get('content-type'), type)
      t.match(await response.text(), says)
    }
  }
})

t.test('Every part of the SDK that the build makes is served, and a page of another origin may load it', async t => {
  const { origin } = await host(t)
  const parts = readdirSync(new URL('../../dist/client/', import.meta.url)).filter(file => file.endsWith('.mjs') && file !== 'react.mjs')
  t.ok(parts.length > 1)
  for (const part of parts) {
    const response = await fetch(`${origin}/app/js/${part}`)
    t.equal(response.status, 200, part)
    // A module is always asked for with CORS (HTML, section 8.1.4.2), other than a plain script.
    t.equal(response.headers.get('access-control-allow-origin'), '*')
    await response.text()
  }
})

t.test('Under a prefix they are below it, and the page finds them by relative addresses', async t => {
  const { origin } = await host(t, { prefix: '/calls' })
  const page = `${origin}/calls/app/peer.html`
  const html = await (await fetch(page)).text()
  const links = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, link = '']) => link)
  t.ok(links.length >= 3, `${links}`)
  for (const link of links) {
    t.notMatch(link, /^([a-z]+:|\/)/, `${link} is relative`)
    t.equal((await fetch(new URL(link, page))).status, 200, link)
  }
})

t.test('The page has no inline script or style, which its policy forbids', async t => {
  const { origin } = await host(t)
  const html = await (await fetch(`${origin}/app/peer.html`)).text()
  t.notMatch(html, /<script(?![^>]*\ssrc=)/)
  t.notMatch(html, /<style|\sstyle=|\son[a-z]+=/)
})

t.test('Every file has a policy without inline scripts and foreign origins, and cannot be taken for another type', async t => {
  const { origin } = await host(t)
  for (const path of Object.keys(ASSETS)) {
    const response = await fetch(`${origin}/app/${path}`)
    await response.arrayBuffer()
    const { headers } = response
    const policy = headers.get('content-security-policy') ?? ''
    t.match(policy, 'default-src \'none\'', path)
    t.match(policy, 'script-src \'self\';')
    t.notMatch(policy, /unsafe|\*|https:/)
    t.match(policy, `connect-src 'self' ${origin.replace('http', 'ws')} ${origin.replace('http', 'wss')};`)
    t.equal(headers.get('x-content-type-options'), 'nosniff')
    t.equal(headers.get('permissions-policy'), 'camera=(self), microphone=(self)')
    t.ok(headers.get('referrer-policy'))
  }
})

t.test('A Host header cannot write into the policy', async t => {
  const { origin } = await host(t)
  const { headers } = await plain(`${origin}/app/peer.html`, { host: "x; script-src 'unsafe-inline'" })
  const policy = headers['content-security-policy']
  t.match(policy, "connect-src 'self';")
  t.notMatch(policy, 'unsafe')
})

t.test('Files come with validators, so that a browser asks for them once', async t => {
  const { origin } = await host(t)
  const address = `${origin}/app/js/webrtc_adaptor.js`
  const { headers } = await plain(address)
  t.equal((await plain(address, { 'if-none-match': String(headers.etag) })).statusCode, 304)
})

t.test('There is no way from a served file to another', async t => {
  const { origin } = await host(t)
  for (const path of ['..%2findex.js', 'js/..%2f..%2findex.js', 'page/peer.html', 'js/', 'index.js', 'js/global.js']) {
    t.equal((await fetch(`${origin}/app/${path}`)).status, 404, path)
  }
})

for (const before of [true, false]) {
  const when = before ? 'before' : 'after'
  t.test(`What @fastify/helmet sets, registered ${when} the plugin, is not undone`, async t => {
    const app = Fastify()
    const options = { contentSecurityPolicy: { directives: { defaultSrc: ["'self'"], scriptSrc: ["'self'"] } }, referrerPolicy: { policy: 'no-referrer' as const } }
    if (before) await app.register(helmet, options)
    await app.register(webrtcSignalling)
    if (!before) await app.register(helmet, options)
    app.get('/own', async () => 'own')
    const { origin, connect } = await listen(t, app)
    const own = (await fetch(`${origin}/own`)).headers
    const page = (await fetch(`${origin}/app/peer.html`)).headers
    t.match(own.get('content-security-policy'), "default-src 'self'")
    const helmets = ['content-security-policy', 'referrer-policy', 'strict-transport-security', 'x-frame-options', 'cross-origin-opener-policy', 'x-content-type-options']
    for (const name of helmets) t.equal(page.get(name), own.get(name), name)
    t.equal(page.get('permissions-policy'), 'camera=(self), microphone=(self)', 'what helmet does not set is ours')
    await (await connect()).join('room')
  })
}

t.test('A header that the host sets by hand is not undone', async t => {
  const app = Fastify()
  app.addHook('onRequest', async (_request, reply) => { reply.header('permissions-policy', 'camera=(), microphone=(self)') })
  await app.register(webrtcSignalling)
  const { origin } = await listen(t, app)
  t.equal((await fetch(`${origin}/app/peer.html`)).headers.get('permissions-policy'), 'camera=(), microphone=(self)')
})

t.test('Without serveClient there is no page and no SDK, and no redirect to it', async t => {
  const { origin, connect } = await host(t, { apps: ['app'], serveClient: false })
  for (const path of Object.keys(ASSETS)) t.equal((await fetch(`${origin}/app/${path}`)).status, 404, path)
  const response = await fetch(`${origin}/app`, { headers: { accept: 'text/html' }, redirect: 'manual' })
  t.equal(response.status, 426)
  await (await connect()).join('room')
})

t.test('A plain GET is told to upgrade, in one line of JSON', async t => {
  const { origin } = await host(t, { apps: ['app'] })
  for (const path of ['/app', '/app/websocket', '/app?x=1']) {
    const response = await fetch(origin + path, { redirect: 'manual' })
    t.equal(response.status, 426, path)
    const body = await response.json() as Record<string, unknown>
    t.match(body, { statusCode: 426, code: 'FST_WEBRTC_UPGRADE_REQUIRED', error: 'Upgrade Required' })
  }
})

t.test('The answer to a plain GET names the protocol to upgrade to', async t => {
  const { origin } = await host(t, { apps: ['app'] })
  t.equal((await plain(`${origin}/app`)).headers.upgrade, 'websocket')
})

t.test('A browser that opens the address is sent to the page, with its query', async t => {
  const { origin } = await host(t, { apps: ['app'], prefix: '/calls' })
  for (const [path, page] of [['app', 'app/peer.html'], ['app/websocket', 'app/peer.html'], ['app?room=x', 'app/peer.html?room=x']] as const) {
    const asked = `${origin}/calls/${path}`
    const response = await fetch(asked, { headers: { accept: 'text/html,*/*;q=0.8' }, redirect: 'manual' })
    t.equal(response.status, 302, path)
    const location = response.headers.get('location') ?? ''
    t.notMatch(location, /^([a-z]+:|\/)/, 'relative, for a proxy that has cut a prefix off')
    t.equal(new URL(location, asked).href, `${origin}/calls/${page}`)
  }
})

t.test('A name that is none is 400 and one that is not served is 404, for files too', async t => {
  const { origin } = await host(t, { apps: app => app === 'app' })
  t.equal((await fetch(`${origin}/b%20d/peer.html`)).status, 400)
  t.equal((await fetch(`${origin}/other/js/webrtc_adaptor.js`)).status, 404)
})

t.test('Behind a proxy that is trusted, the host name that counts is the one that the browser asked for', async t => {
  const headers = { origin: 'https://calls.example', 'x-forwarded-host': 'calls.example', 'x-forwarded-proto': 'https' }
  const trusting = await host(t, {}, { trustProxy: true })
  await (await trusting.connect('/app', { headers })).join('room')
  const policy = (await fetch(`${trusting.origin}/app/peer.html`, { headers })).headers.get('content-security-policy')
  t.match(policy, 'wss://calls.example')
  const distrusting = await host(t)
  t.equal((await refusal(`${distrusting.origin}/app`, { headers })).status, 403)
})

t.test('A part under the version of its build may be kept for ever; one of another build is none, and that is not to be kept', async t => {
  const { origin } = await host(t)
  const script = await (await fetch(`${origin}/app/js/webrtc_adaptor.js`)).text()
  const [, version] = /\.mjs\?v=([\da-f]{12})/.exec(script) ?? []
  t.ok(version, 'the script asks for its parts under one version')
  const parts = readdirSync(new URL('../../dist/client/', import.meta.url)).filter(file => /^webrtc_adaptor\..+\.mjs$/.test(file))
  t.ok(parts.includes('webrtc_adaptor.guard.mjs'))
  t.match(await (await fetch(`${origin}/app/js/webrtc_adaptor.mjs`)).text(), `"${version}"`, 'the module takes those of the same build')
  for (const part of parts) {
    const own = await fetch(`${origin}/app/js/${part}?v=${version}`)
    t.same([own.status, own.headers.get('cache-control')], [200, 'public, max-age=31536000, immutable'], part)
    t.match(await own.text(), `export const build="${version}"`, 'which it says itself')
    for (const query of ['?v=000000000000', '?v=', `?v=${version}&v=${version}`]) {
      const other = await fetch(`${origin}/app/js/${part}${query}`)
      t.same([other.status, other.headers.get('cache-control'), other.headers.get('access-control-allow-origin')], [404, 'no-store', '*'], `${part}${query}`)
      t.equal(await other.text(), '')
    }
    const plain = await fetch(`${origin}/app/js/${part}`)
    t.same([plain.status, plain.headers.get('cache-control')], [200, 'no-cache'])
    await plain.text()
  }
})
