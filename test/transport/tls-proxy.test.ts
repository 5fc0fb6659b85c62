import { once } from 'node:events'
import { request } from 'node:https'
import t, { type Test } from 'tap'
import type { WebrtcSignallingOptions } from '../../lib/index.js'
import { host, type Host } from '../helpers/host.js'
import { SignallingClient, talks } from '../helpers/signalling-client.js'
import { passEverything, tlsProxy } from '../helpers/tls-proxy.js'

// Behind a proxy that has TLS, another name than the server, and a prefix that it cuts off.

interface Proxied {
  server: Host
  /** What the public knows. */
  front: string
}

async function proxied (
  t: Test, options: WebrtcSignallingOptions = {}, trustProxy = true, passes: typeof passEverything | null = passEverything
): Promise<Proxied> {
  const server = await host(t, { apps: ['app'], drain: { grace: 500 }, ...options }, { trustProxy })
  return { server, front: await tlsProxy(t, server.origin, passes ?? undefined) }
}

/** A GET that takes a certificate that nobody has signed. */
async function get (url: string, headers = {}): Promise<{ status: number, location: string | undefined, text: string }> {
  const [response] = await once(request(url, { headers, rejectUnauthorized: false, agent: false }).end(), 'response')
  const text = (await response.setEncoding('utf8').toArray()).join('')
  return { status: response.statusCode, location: response.headers.location, text }
}

const toWs = (front: string): string => `${front.replace(/^http/, 'ws')}/app`

/** What a browser adds to each handshake. */
const CHROMIUM = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'accept-language': 'en',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'cache-control': 'no-cache',
  pragma: 'no-cache'
}

/** Whether a handshake reaches the server: the proxy takes it first, and closes it where the server refuses. */
async function getsIn (t: Test, front: string, headers: Record<string, string>): Promise<boolean> {
  const client = await SignallingClient.connect(t, toWs(front), { headers, rejectUnauthorized: false })
  client.send({ command: 'ping' })
  return await Promise.race([client.hears('pong').then(() => true), client.closed.then(() => false)])
}

t.test('The address sends a person to the page, which has all that it loads, and what it connects to is below the prefix', async t => {
  const { front } = await proxied(t)
  for (const [asked, found] of [['/app', '/app/peer.html'], ['/app/websocket', '/app/peer.html'], ['/app?room=1', '/app/peer.html?room=1']] as const) {
    const { status, location = '' } = await get(front + asked, { accept: 'text/html' })
    t.equal(status, 302)
    t.equal(String(new URL(location, front + asked)), front + found)
  }
  const { status, text } = await get(`${front}/app/peer.html`)
  t.equal(status, 200)
  const links = [...text.matchAll(/(?:href|src)="([^":#]+)"/g)].map(([, link = '']) => link)
  t.ok(links.some(link => link.startsWith('js/webrtc_adaptor.js')))
  for (const link of links) {
    const url = String(new URL(link, `${front}/app/peer.html`))
    t.ok(url.startsWith(`${front}/app/`), url)
    t.equal((await get(url)).status, 200, url)
  }
})

t.test('A call sets itself up, its two hear of the end of the server, and are closed with 1001', async t => {
  const { server, front } = await proxied(t)
  const agent = { rejectUnauthorized: false }
  const clients = [await SignallingClient.connect(t, toWs(front), agent), await SignallingClient.connect(t, `${toWs(front)}/websocket`, agent)] as const
  for (const client of clients) await client.join('room')
  await clients[0].hears('start')
  await talks(t, [...clients], 'room', 'through the proxy')
  await server.app.close()
  for (const client of clients) {
    await client.hears('server_will_stop')
    t.equal((await client.closed).code, 1001)
  }
})

for (const trustProxy of [true, false]) {
  t.test(`A page of the public name gets in ${trustProxy ? 'where the server trusts the proxy' : 'where it does not only from a list'}, another site's page never`, async t => {
    const { server, front } = await proxied(t, {}, trustProxy)
    const { origin } = new URL(front)
    t.equal(await getsIn(t, front, { ...CHROMIUM, origin }), trustProxy, "the default is the request's own name")
    t.equal(await getsIn(t, front, { ...CHROMIUM, origin, cookie: 'a=b' }), trustProxy)
    t.equal(await getsIn(t, front, { ...CHROMIUM, origin: 'https://evil.example' }), false)
    t.ok(server.log.from(40).every(line => line.includes('allowedOrigins')))

    const listed = await proxied(t, { allowedOrigins: [origin] }, trustProxy)
    t.equal(await getsIn(t, listed.front, { ...CHROMIUM, origin }), true)
    t.equal(await getsIn(t, listed.front, { ...CHROMIUM, origin: 'https://evil.example' }), false)
    t.equal(await getsIn(t, listed.front, { ...CHROMIUM, origin: 'https://127.0.0.1' }), false, 'the name of the server behind it is none of the list')
  })
}

t.test('A proxy that passes on nothing but cookies, as @fastify/http-proxy does by itself, opens no way in for other sites\' pages that live on them', async t => {
  const { server, front } = await proxied(t, {}, true, null)
  for (const origin of ['https://evil.example', new URL(front).origin]) {
    t.equal(await getsIn(t, front, { ...CHROMIUM, origin, cookie: 'session=stolen' }), false, origin)
  }
  t.match(server.log.from(40), [/proxy must pass 'Origin' on/, /proxy must pass 'Origin' on/])
  t.equal(await getsIn(t, front, {}), true, 'a native client without cookies is one all the same')
  const strict = await proxied(t, { nativeClients: false }, true, null)
  t.equal(await getsIn(t, strict.front, { ...CHROMIUM, origin: 'https://evil.example' }), false, 'and without them `nativeClients: false` is what helps')
})
