import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { createHash, X509Certificate } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { CheckOptions, CheckReport, CheckStep, WebRTCAdaptor } from '../../lib/client/webrtc-adaptor.js'
import { issueCredentials } from '../../lib/turn/credentials.js'
import { launch, visit } from '../helpers/browser.js'
import { certificate } from '../helpers/certificate.js'
import { startCoturn } from '../helpers/coturn.js'
import { start } from '../helpers/start.js'

// The check before a call in Chromium, against a real TURN server over UDP, TCP and TLS, and against those that fail.

const secret = 'the secret of this test'
const coturn = await startCoturn({ secrets: [secret], certificate })
t.teardown(coturn.stop)
/** The browser takes this certificate, although nobody has signed it. */
const key = createHash('sha256').update(new X509Certificate(certificate.cert).publicKey.export({ type: 'spki', format: 'der' })).digest('base64')
const browser = await launch(t, { args: [`--ignore-certificate-errors-spki-list=${key}`] })

const urls = [coturn.url, coturn.tcpUrl, coturn.tlsUrl]
const turn = { urls, secret, ttl: 600 }
const server = Fastify()
const apps = {
  open: { turn, iceServers: [{ urls: `stun:127.0.0.1:${coturn.port}` }] },
  wrong: { turn: { ...turn, secret: 'another secret' } },
  members: { turn, authorize: (_request: unknown, { token }: { token?: string | undefined }) => { if (token !== 'ticket') throw new Error('No ticket') } },
  closed: { allowedOrigins: ['https://elsewhere.example'] }
}
await server.register(webrtcSignalling, { apps })
for (const app of Object.keys(apps)) {
  server.get(`/${app}/check.html`, (_request, reply) =>
    reply.type('text/html').send('<!doctype html><link rel="icon" href="data:,"><script src="js/webrtc_adaptor.js"></script>'))
}
const address = await start(t, server)

declare global {
  interface Window {
    WebRTCAdaptor: typeof WebRTCAdaptor
    sockets: WebSocket[]
  }
}

/** Keeps the sockets of the page, beside what all tests keep. */
function observeSockets (): void {
  const sockets: WebSocket[] = window.sockets = []
  const Native = window.WebSocket
  window.WebSocket = class extends Native {
    constructor (url: string | URL) {
      super(url)
      sockets.push(this)
    }
  }
}

interface From {
  from?: Browser
  expected?: RegExp[]
}

async function open (t: Test, app: keyof typeof apps, { from = browser, expected = [] }: From = {}): Promise<Page> {
  const page = await visit(t, from, 'about:blank', { expected })
  await page.addInitScript(observeSockets)
  await page.goto(`${address}/${app}/check.html`)
  return page
}

/** Checks in the page; `cancelAt`: until that step has begun. */
async function check (page: Page, options: CheckOptions = {}, cancelAt?: string): Promise<{ report?: CheckReport, told: CheckStep[], error?: string }> {
  return await page.evaluate(async ({ options, cancelAt }) => {
    const told: CheckStep[] = []
    const cancel = new AbortController()
    const onStep = (step: CheckStep) => {
      told.push(step)
      if (step.name === cancelAt) cancel.abort()
    }
    try {
      return { told, report: await window.WebRTCAdaptor.check({ ...options, onStep, signal: cancel.signal }) }
    } catch (error) {
      return { told, error: (error as Error).name }
    }
  }, { options, cancelAt })
}

/** Waits until nothing of the page runs any more: no track, no peer connection, no socket. */
async function isQuiet (page: Page): Promise<void> {
  await page.waitForFunction(() => window.observed.captured.every(({ readyState }) => readyState === 'ended') &&
    window.observed.connections.every(({ signalingState }) => signalingState === 'closed') && window.sockets.every(({ readyState }) => readyState === 3))
}

/** What came of each STUN and TURN server. */
const servers = (report?: CheckReport) => Object.fromEntries(report?.steps.filter(({ name }) => name === 'iceServer').map(({ url, status, code }) => [url, code ?? status]) ?? [])
const step = (report: CheckReport | undefined, name: string): CheckStep | undefined => report?.steps.find(step => step.name === name)
/** With credentials that the TURN server takes. */
const withServers = (...urls: string[]): CheckOptions =>
  ({ peerconnection_config: { iceServers: [{ urls, ...issueCredentials({ secret, user: 'check', ttl: 600, now: Date.now() }) }] } })

t.test('Everything is well: devices, server, STUN, and TURN by UDP, TCP and TLS, with the bitrate of a call through it', async t => {
  const page = await open(t, 'open')
  const { report, told } = await check(page)
  t.same(servers(report), { [`stun:127.0.0.1:${coturn.port}`]: 'passed', ...Object.fromEntries(urls.map(url => [url, 'passed'])) })
  t.same(report?.steps.filter(({ status }) => status !== 'passed'), [])
  t.equal(report?.ok, true)
  t.match(step(report, 'camera')?.device, /fake/i)
  const { bitrate = 0, roundTrip = -1 } = step(report, 'relayedCall') ?? {}
  t.ok(bitrate > 200 && roundTrip >= 0, `${bitrate} kbit/s, ${roundTrip} ms`)
  t.ok((step(report, 'webSocket')?.roundTrip ?? -1) >= 0)
  t.same(told.filter(({ status }) => status !== 'running').map(({ name }) => name).sort(), report?.steps.map(({ name }) => name).sort(), 'each is told')
  t.match(await coturn.log(), /ALLOCATE processed, success/)
  await isQuiet(page)
})

t.test('Credentials of another secret are refused by every transport, and no relayed call is tried', async t => {
  const page = await open(t, 'wrong')
  const { report } = await check(page)
  t.same(servers(report), Object.fromEntries(urls.map(url => [url, 'credentialsRefused'])))
  t.match(step(report, 'iceServer'), { reason: /credentials/, remedy: /same secret/, detail: /401/ })
  t.match(step(report, 'relayedCall'), { status: 'skipped', code: 'noTurnServerWorks' })
  t.equal(report?.ok, false)
  await isQuiet(page)
})

t.test('A server that is down is unreachable by every transport, and one that works beside it relays the call', async t => {
  const mute = createSocket('udp4').bind(0, '127.0.0.1')
  await once(mute, 'listening')
  t.teardown(() => mute.close())
  const { port } = mute.address()
  const down = [`turn:127.0.0.1:${port}?transport=udp`, `turn:127.0.0.1:${port}?transport=tcp`, `turns:127.0.0.1:${port}?transport=tcp`, `stun:127.0.0.1:${port}`]
  const page = await open(t, 'open')
  const { report } = await check(page, { ...withServers(coturn.tcpUrl, ...down), timeout: 5_000 })
  t.same(servers(report), { [coturn.tcpUrl]: 'passed', ...Object.fromEntries(down.map(url => [url, 'iceServerUnreachable'])) })
  t.match(step(report, 'relayedCall'), { status: 'passed' })
  t.equal(report?.ok, false)
  await isQuiet(page)
})

t.test('A TURN server whose certificate nobody has signed is unreachable by TLS', async t => {
  const page = await open(t, 'open', { from: await launch(t) })
  const { report } = await check(page, { ...withServers(coturn.url, coturn.tlsUrl), timeout: 5_000 })
  t.same(servers(report), { [coturn.url]: 'passed', [coturn.tlsUrl]: 'iceServerUnreachable' })
})

t.test('TURN for those who have joined is checked with the name of a room and a token', async t => {
  const page = await open(t, 'members')
  const { report } = await check(page)
  t.match(step(report, 'iceServer'), { code: 'noIceServer', remedy: /roomName/ })
  t.match(step((await check(page, { roomName: 'check', token: 'wrong' })).report, 'webSocket'), { code: 'joinRefused', detail: /unauthorized_access/ })
  const inside = await check(page, { roomName: 'check', token: 'ticket' })
  t.same(servers(inside.report), Object.fromEntries(urls.map(url => [url, 'passed'])))
  t.equal((await server.rooms.list('members')).length, 0, 'and the room is empty again')
  await isQuiet(page)
})

t.test('A server that is not there, one that has no such application, and one that lets the page not connect, are told apart', async t => {
  const page = await open(t, 'closed', { expected: [/WebSocket connection to/, /Failed to load resource/] })
  const options = { isPlayMode: true }
  t.match(step((await check(page, { ...options, websocket_url: 'unknown' })).report, 'webSocket'), { code: 'applicationUnknown', detail: 'HTTP 404' })
  t.match(step((await check(page, { ...options, websocket_url: '../closed' })).report, 'webSocket'), { code: 'upgradeRefused', remedy: /allowedOrigins/ })
  t.match(step((await check(page, { ...options, websocket_url: 'ws://127.0.0.1:9/app' })).report, 'webSocket'), { code: 'serverUnreachable' })
  await isQuiet(page)
})

for (const name of ['browser', 'securePage', 'camera', 'microphone', 'webSocket', 'iceServer', 'relayedCall']) {
  t.test(`Cancelled as the step ${name} begins, the check leaves nothing running`, async t => {
    const page = await open(t, 'open')
    const { error, told } = await check(page, withServers(...urls), name)
    t.equal(error, 'AbortError')
    t.match(told.at(-1), { name, status: 'running' })
    await isQuiet(page)
  })
}
