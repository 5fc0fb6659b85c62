import Fastify from 'fastify'
import { EventEmitter, once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Page } from 'playwright-core'
import t from 'tap'
import { WebSocket } from 'ws'
import { build } from '../../example/session/server.js'
import { launch, visit } from '../helpers/browser.js'
import { start } from '../helpers/start.js'

// Cross-site WebSocket hijacking: the victim has logged in to the app and opens a page of somebody else's in the same
// browser. That page connects to the app, and the browser adds the victim's cookie by itself.

const browser = await launch(t)
/** Tells of each request that Fastify routes: the host's `upgrade` event does not tell of the plugin's own. */
const routed = new EventEmitter()
let requests = 0
const app = await build({
  genReqId (request) {
    if (request.headers.upgrade === 'websocket') routed.emit('handshake', request)
    return String(++requests)
  }
})
const { port } = new URL(await start(t, app))
const elsewhere = Fastify()
elsewhere.get('/', (_request, reply) => reply.type('text/html').send('<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">'))
const { port: otherPort } = new URL(await start(t, elsewhere))

// Every name under localhost is the loopback to Chromium (RFC 6761 section 6.3), and these two are of one site, so that
// SameSite=Lax lets the cookie through: the attacker holds a sub-domain, and nothing but the origin tells them apart.
const site = `http://app.example.localhost:${port}`
const socketAddress = `ws://app.example.localhost:${port}/WebRTCApp4`
const REFUSED = /WebSocket connection to .* failed: .*Unexpected response code: 403/

/** The next handshake of a page of that origin, as it reaches the server. */
async function handshake (origin: string): Promise<IncomingHttpHeaders> {
  for (;;) {
    const [{ headers }] = await once(routed, 'handshake') as [IncomingMessage]
    if (headers.origin === origin) return headers
  }
}

/** Connects as a script of that page; gives back what the handshake bore, and what came of it. */
async function attack (page: Page, address: string): Promise<{ headers: IncomingHttpHeaders, outcome: string }> {
  const headers = handshake(new URL(page.url()).origin)
  const outcome = page.evaluate(address => new Promise<string>(resolve => {
    const socket = new WebSocket(address)
    socket.onopen = () => resolve('open')
    socket.onclose = () => resolve('closed')
  }), address)
  return { headers: await headers, outcome: await outcome }
}

/** A browser whose user has logged in to the app, at the page of the app. */
const victim = async (t: Parameters<typeof visit>[0], address = site): Promise<Page> =>
  await visit(t, browser, `${address}/login/ann`, { expected: [REFUSED] })

t.test('a page of a sibling host name with the victim\'s cookie gets 403, where the app\'s own page comes in', async t => {
  const page = await victim(t)
  const own = await attack(page, socketAddress)
  t.equal(own.outcome, 'open')
  const { cookie } = own.headers
  t.match(cookie, /sessionId=/)

  await page.goto(`http://evil.example.localhost:${otherPort}/`)
  const complaint = page.waitForEvent('console', message => REFUSED.test(message.text()))
  const { headers, outcome } = await attack(page, socketAddress)
  t.equal(headers.cookie, cookie, 'the browser did send the victim\'s cookie along')
  t.equal(outcome, 'closed')
  t.ok(await complaint, 'and the browser says why: 403')

  const again = (origin?: string): WebSocket => {
    const own = { host: `app.example.localhost:${port}`, cookie: headers.cookie, ...(origin === undefined ? {} : { origin }) }
    const socket = new WebSocket(`ws://localhost:${port}/WebRTCApp4`, { headers: own })
    t.teardown(() => socket.terminate())
    return socket
  }
  await once(again(site), 'open')
  t.pass('the same cookie with the origin of the app comes in: the origin was all that was wrong')
  await t.rejects(once(again(), 'open'), /403/, 'and without any it does not: some proxies take the origin away, and pass the cookie on')
})

t.test('a page at 127.0.0.1 gets 403 from the app at localhost, and the other way round', async t => {
  for (const [target, attacker] of [['localhost', '127.0.0.1'], ['127.0.0.1', 'localhost']] as const) {
    const page = await victim(t, `http://${target}:${port}`)
    await page.goto(`http://${attacker}:${otherPort}/`)
    const complaint = page.waitForEvent('console', message => REFUSED.test(message.text()))
    const { outcome } = await attack(page, `ws://${target}:${port}/WebRTCApp4`)
    t.equal(outcome, 'closed')
    t.ok(await complaint)
  }
})

t.test('a sandboxed frame, whose origin is null, gets 403', async t => {
  const page = await victim(t)
  const complaint = page.waitForEvent('console', message => REFUSED.test(message.text()))
  const opaque = handshake('null')
  await page.goto(`http://evil.example.localhost:${otherPort}/`)
  await page.setContent(`<iframe sandbox="allow-scripts" srcdoc="<script>new WebSocket('${socketAddress}')</script>"></iframe>`)
  t.ok(await opaque)
  t.ok(await complaint)
})
