import t from 'tap'
import { connect as connectSocket } from 'node:net'
import { event, refusal, SignallingClient, talks } from '../helpers/signalling-client.js'
import { startServer } from '../helpers/signalling-server.js'

const { connect } = SignallingClient

t.test('/:app and /:app/websocket are the same place, whatever the query string', async t => {
  const { address } = await startServer(t)
  const queries = ['', '?', '?target=origin', '?target=origin&target=origin', '?target=origin?target=origin', '?__proto__=1&constructor=2', '?a=%zz', '?rtmpForward=undefined']
  for (const [i, query] of queries.entries()) {
    for (const path of ['', '/websocket']) {
      const room = `room${i}${path.slice(1)}`
      const plain = await connect(t, address)
      await plain.join(room)
      const client = await connect(t, `${address}${path}${query}`)
      t.match(await client.join(room), { peers: 1 }, `${path}${query}`)
      await plain.hears('start')
      await talks(t, [plain, client], room, `${path}${query}`)
    }
  }
})

t.test('A bad name of an application is 400 before the upgrade, an unknown one 404', async t => {
  const { address } = await startServer(t, { apps: name => name === 'app' || name.length === 100 })
  const to = (app: string) => address.replace(/app$/, app)
  for (const bad of ['a%20b', '%C3%A9', 'a%2Fb', 'a@b', '%00', 'a,b']) {
    for (const path of ['', '/websocket']) t.match(await refusal(to(bad + path)), { status: 400, body: { code: 'FST_WEBRTC_BAD_APP_NAME' } }, bad + path)
  }
  for (const unknown of ['other', 'App', '__proto__', 'constructor', 'x']) {
    for (const path of ['', '/websocket']) t.match(await refusal(to(unknown + path)), { status: 404, body: { code: 'FST_WEBRTC_UNKNOWN_APP' } }, unknown + path)
  }
  const listed = await startServer(t, { apps: ['app'] })
  t.equal((await refusal(listed.address.replace(/app$/, 'other'))).status, 404, 'where the names are listed there is no other route')
  // Longer than any name, by the rule or by the router's own bound.
  t.ok([400, 404, 414].includes((await refusal(to('x'.repeat(129)))).status))
  t.ok((await connect(t, to('x'.repeat(100)))).socket.readyState === 1)
})

t.test('Who is not allowed gets 401 or 403 before the upgrade', async t => {
  const { address } = await startServer(t, {
    apps: {
      app: {},
      closed: { onRequest: async (_, reply) => reply.code(401).send({ error: 'who are you?' }) },
      thrown: { preHandler: async () => { throw Object.assign(new Error('not you'), { statusCode: 403 }) } }
    }
  })
  t.match(await refusal(address.replace(/app$/, 'closed')), { status: 401, body: { error: 'who are you?' } })
  t.match(await refusal(address.replace(/app$/, 'thrown')), { status: 403, body: { message: 'not you' } })
  t.match(await refusal(address, { origin: 'https://evil.example' }), { status: 403, body: { code: 'FST_WEBRTC_ORIGIN_NOT_ALLOWED' } })
  t.ok(await connect(t, address, { origin: 'https://localhost:1234' }))
})

t.test('A full server answers 503 with Retry-After, until somebody has gone', async t => {
  const { app, address } = await startServer(t, { limits: { connections: 1 } })
  const only = await connect(t, address)
  await only.join('room1')
  const full = await refusal(address)
  t.match(full, { status: 503, body: { code: 'FST_WEBRTC_FULL' } })
  t.match(full.headers['retry-after'], /^[1-9]\d*$/)
  const left = event(app, 'left')
  only.socket.close()
  await left
  t.ok(await connect(t, address))
})

t.test('A draining server answers 503 with Retry-After, to a WebSocket and to a plain GET', async t => {
  const { app, http, address } = await startServer(t, { apps: ['app'] })
  await app.rooms.drain()
  const draining = await refusal(address)
  t.match(draining, { status: 503, body: { code: 'FST_WEBRTC_DRAINING' } })
  t.match(draining.headers['retry-after'], /^[1-9]\d*$/)
  t.equal((await fetch(`${http}/app`)).status, 503)
})

t.test('A plain GET is answered by 426 with a hint in one line of JSON', async t => {
  const { http } = await startServer(t, { apps: ['app'] })
  for (const path of ['/app', '/app/websocket', '/app?target=origin']) {
    for (const accept of ['*/*', 'text/html']) {
      const response = await fetch(http + path, { headers: { accept }, redirect: 'manual' })
      t.equal(response.status, 426, path)
      t.equal(response.headers.get('upgrade'), 'websocket', 'RFC 9110 section 15.5.22')
      const body = await response.text()
      t.notMatch(body, '\n')
      t.match(JSON.parse(body), { statusCode: 426, code: 'FST_WEBRTC_UPGRADE_REQUIRED', message: /WebSocket/ })
    }
  }
})

t.test('Where the page is served, a client that takes HTML is sent to it, query and all', async t => {
  const { http } = await startServer(t, { apps: ['app'], serveClient: true })
  for (const path of ['/app', '/app/websocket']) {
    const html = await fetch(`${http}${path}?room=x`, { headers: { accept: 'text/html,*/*' }, redirect: 'manual' })
    t.equal(html.status, 302)
    t.equal(new URL(html.headers.get('location') ?? '', `${http}${path}`).href, `${http}/app/peer.html?room=x`)
    t.equal((await fetch(http + path, { redirect: 'manual' })).status, 426, 'and one that does not is not')
  }
})

t.test('An upgrade to something else than WebSocket, or to a version that nobody speaks, is refused over HTTP', async t => {
  const { address } = await startServer(t)
  const { port } = new URL(address)
  const ask = async (headers: string) => new Promise<string>((resolve, reject) => {
    const socket = connectSocket({ host: 'localhost', port: Number(port) }, () => socket.write(`GET /app HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n`))
    socket.once('data', data => {
      resolve(String(data).split('\r\n', 1)[0] ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
  })
  t.match(await ask('Connection: Upgrade\r\nUpgrade: h2c'), /^HTTP\/1.1 4\d\d /)
  t.match(await ask('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 12\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='), /^HTTP\/1.1 4\d\d /)
  t.match(await ask('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short'), /^HTTP\/1.1 4\d\d /)
  t.ok(await connect(t, address), 'and the next one is served')
})
