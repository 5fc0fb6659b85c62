import t from 'tap'
import type { Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { refusal, SignallingClient } from '../helpers/signalling-client.js'
import { start } from '../helpers/start.js'

// What the guides in example/ promise: whom they let in, and that whoever stays out is told so before the upgrade.

type Headers = Record<string, string>

/** Who comes to the example's application as a browser does, which sends its page's origin with its cookies. */
async function open (t: Test, app: FastifyInstance) {
  const address = `${await start(t, app)}/WebRTCApp4`
  const as = (headers: Headers) => ({ headers, origin: new URL(address).origin })
  return {
    enter: async (headers: Headers = {}) => await SignallingClient.connect(t, address, as(headers)),
    refused: async (headers: Headers = {}) => await refusal(address, as(headers))
  }
}

/** Moves the clock that tokens and sessions are held against, until the test ends. */
function moveTime (t: Test, by: number): void {
  const { now } = Date
  Date.now = () => now() + by
  t.teardown(() => { Date.now = now })
}

const cookieOf = (response: { cookies: Array<{ name: string, value: string }> }): Headers =>
  ({ cookie: response.cookies.map(({ name, value }) => `${name}=${value}`).join('; ') })

t.test('example/jwt', async t => {
  const { build } = await import('../../example/jwt/server.js')
  const app = await build()
  const door = await open(t, app)
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const claims = { room: 'room1', name: 'ann' }
  const good = app.jwt.sign(claims)

  await t.test('lets in who has a token, and tells the app their name', async t => {
    const client = await door.enter(bearer(good))
    client.send({ command: 'join', streamId: 'room1' })
    t.match(await client.next(), { definition: 'joined', streamId: 'room1' })
    const [peer] = await app.rooms.peers('WebRTCApp4', 'room1')
    t.same(peer?.metadata, { name: 'ann' })
  })

  await t.test('lets an invited browser in by its cookie, which no script can read', async t => {
    const invitation = await app.inject('/invitation/room2/ben')
    t.equal(invitation.statusCode, 302)
    t.equal(invitation.headers.location, '/WebRTCApp4/peer.html?room=room2')
    t.match(invitation.cookies, [{ name: 'invitation', httpOnly: true, sameSite: 'Lax' }])
    const client = await door.enter(cookieOf(invitation))
    client.send({ command: 'join', streamId: 'room2' })
    t.match(await client.next(), { definition: 'joined', streamId: 'room2' })
  })

  await t.test('keeps a person to the room of their token, and the connection open', async t => {
    const client = await door.enter(bearer(good))
    client.send({ command: 'join', streamId: 'room9' })
    t.match(await client.next(), { command: 'error', definition: 'unauthorized_access' })
    client.send({ command: 'ping' })
    t.match(await client.next(), { command: 'pong' })
  })

  await t.test('answers 401 before the upgrade where the token is missing, wrong, forged or expired', async t => {
    const [head, , signature] = good.split('.')
    const otherRoom = Buffer.from(JSON.stringify({ ...claims, room: 'room9' })).toString('base64url')
    const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${otherRoom}.`
    const elsewhere = await build()
    await elsewhere.ready()
    t.teardown(() => elsewhere.close())
    const bad: Array<[string, Headers]> = [
      ['missing', {}],
      ['no token at all', bearer('open-sesame')],
      ['another claim under the same signature', bearer(`${head}.${otherRoom}.${signature}`)],
      ['no signature', bearer(unsigned)],
      ['another server\'s secret', bearer(elsewhere.jwt.sign(claims))],
      ['expired', bearer(app.jwt.sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 1 }))],
      ['expired, in the cookie', { cookie: `invitation=${app.jwt.sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 1 })}` }]
    ]
    for (const [what, headers] of bad) {
      const { status, body } = await door.refused(headers)
      t.equal(status, 401, what)
      t.equal(body.statusCode, 401, 'with a body that says so')
    }
  })

  await t.test('lets an invitation run out after an hour', async t => {
    const headers = cookieOf(await app.inject('/invitation/room1/ann'))
    moveTime(t, 59 * 60_000)
    await door.enter(headers)
    moveTime(t, 2 * 60_000)
    t.equal((await door.refused(headers)).status, 401)
  })
})

t.test('example/session', async t => {
  const { build } = await import('../../example/session/server.js')
  const app = await build()
  const door = await open(t, app)
  const login = async (user: string) => cookieOf(await app.inject(`/login/${user}`))

  await t.test('lets in who has logged in, by the session\'s real cookie', async t => {
    const answer = await app.inject('/login/ann')
    t.equal(answer.headers.location, '/WebRTCApp4/peer.html')
    t.match(answer.cookies, [{ name: 'sessionId', httpOnly: true, sameSite: 'Lax' }])
    const client = await door.enter(cookieOf(answer))
    client.send({ command: 'join', streamId: 'room1' })
    t.match(await client.next(), { definition: 'joined' })
    const [peer] = await app.rooms.peers('WebRTCApp4', 'room1')
    t.match(peer?.metadata, { user: 'ann' })
    t.notMatch(JSON.stringify(await app.rooms.dump()), decodeURIComponent(cookieOf(answer).cookie ?? '').slice(10, 40), 'the key to the session is not shown')
  })

  await t.test('answers 401 before the upgrade where the session is missing, made up, forged or expired', async t => {
    const { cookie = '' } = await login('ann')
    const bad: Array<[string, Headers]> = [
      ['missing', {}],
      ['made up', { cookie: 'sessionId=open-sesame' }],
      ['forged', { cookie: cookie.slice(0, -4) + (cookie.endsWith('AAAA') ? 'BBBB' : 'AAAA') }],
      ['unsigned', { cookie: cookie.replace(/(\.|%2E).*$/i, '') }]
    ]
    for (const [what, headers] of bad) {
      const { status, body } = await door.refused(headers)
      t.equal(status, 401, what)
      t.equal(body.message, 'Log in first.')
    }
    await door.enter({ cookie })
    moveTime(t, 8 * 60 * 60_000 + 1)
    t.equal((await door.refused({ cookie })).status, 401, 'expired')
  })

  await t.test('puts a person out of their calls when they log out, and nobody else', async t => {
    const headers = await login('cleo')
    const clients = [await door.enter(headers), await door.enter(await login('cleo'))] as const
    for (const client of clients) {
      client.send({ command: 'join', streamId: 'room3' })
      t.match(await client.next(), { definition: 'joined' })
    }
    const answer = await app.inject({ method: 'POST', url: '/logout', headers })
    t.equal(answer.statusCode, 204)
    const [out, stays] = clients
    t.match(await out.hears('leaved'), { streamId: 'room3', reason: 'logged out' })
    t.match(await stays.hears('peerLeft'), { streamId: 'room3' })
    t.equal((await app.rooms.peers('WebRTCApp4', 'room3')).length, 1)
    t.equal((await door.refused(headers)).status, 401, 'and the cookie is worth nothing any more')
  })
})

t.test('example/rate-limit', async t => {
  const { build } = await import('../../example/rate-limit/server.js')

  await t.test('answers 429 before the upgrade to the 61st connection of a minute, and says when to come back', async t => {
    const door = await open(t, await build())
    for (let i = 0; i < 60; i++) {
      const client = await door.enter()
      client.socket.terminate()
    }
    const { status, body, headers: { 'retry-after': retryAfter } } = await door.refused()
    t.equal(status, 429)
    t.equal(body.statusCode, 429)
    t.ok(Number(retryAfter) > 0 && Number(retryAfter) <= 60, `Retry-After: ${retryAfter}`)
  })

  await t.test('counts the addresses behind a trusted proxy apart, and no other route', async t => {
    const app = await build({ trustProxy: '127.0.0.0/8, ::1' })
    const door = await open(t, app)
    const from = (address: string) => ({ 'x-forwarded-for': address })
    for (let i = 0; i < 60; i++) (await door.enter(from('192.0.2.1'))).socket.terminate()
    t.equal((await door.refused(from('192.0.2.1'))).status, 429)
    await door.enter(from('192.0.2.2'))
    const pages = await Promise.all(Array.from({ length: 70 }, () =>
      app.inject({ url: '/WebRTCApp4/peer.html', headers: from('192.0.2.1') })))
    t.same([...new Set(pages.map(page => page.statusCode))], [200], 'the page is not counted')
  })
})
