import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import t from 'tap'
import type { TurnCredentialsFunction } from '../../lib/index.js'
import { host, type Host } from '../helpers/host.js'
import type { Message, SignallingClient } from '../helpers/signalling-client.js'

// The answer to getIceServerConfig: for whom there are TURN credentials in it, and what is never in it.

const SECRET = 'north-of-the-wall'
const turn = { urls: ['turn:turn.example:3478', 'turns:turn.example:5349'], secret: SECRET }

interface Answer extends Message {
  iceServers: Array<{ urls: string | string[], username?: string, credential?: string }>
  turnServerUsername: string
  turnServerCredential: string
  stunServerUri: string
  ttl?: number
}

async function ask (client: SignallingClient): Promise<Answer> {
  client.send({ command: 'getIceServerConfig' })
  return await client.hears('iceServerConfig') as Answer
}

const sign = (username: string, algorithm = 'sha1'): string => createHmac(algorithm, SECRET).update(username).digest('base64')

t.test('Without TURN the answer has the static servers, and nothing that expires', async t => {
  const { connect } = await host(t, { iceServers: [{ urls: 'stun:stun.example' }, { urls: 'turn:old.example', username: 'u', credential: 'c' }] })
  t.same(await ask(await connect()), {
    command: 'iceServerConfig',
    stunServerUri: 'turn:old.example',
    turnServerUsername: 'u',
    turnServerCredential: 'c',
    iceServers: [{ urls: 'stun:stun.example' }, { urls: 'turn:old.example', username: 'u', credential: 'c' }]
  })
})

t.test('With a secret each peer has credentials of its own, that the secret signs and that expire', async t => {
  const { connect } = await host(t, { iceServers: [{ urls: 'stun:stun.example' }], turn: { ...turn, ttl: 600 } })
  const answers = [await ask(await connect()), await ask(await connect())]
  for (const answer of answers) {
    t.equal(answer.ttl, 600)
    t.equal(answer.stunServerUri, 'turn:turn.example:3478', 'for clients that know one server, the first')
    t.match(answer.iceServers, [{ urls: 'stun:stun.example' }, { urls: turn.urls }])
    const { username = '', credential } = answer.iceServers[1] ?? {}
    t.same([answer.turnServerUsername, answer.turnServerCredential], [username, credential])
    t.equal(credential, sign(username))
    const left = Number(username.split(':')[0]) - Date.now() / 1000
    t.ok(left > 590 && left <= 601, `${left} s left`)
  }
  t.not(answers[0]?.turnServerUsername.split(':')[1], answers[1]?.turnServerUsername.split(':')[1])
})

t.test('The hash may be SHA-256, and of several secrets the first signs', async t => {
  const { connect } = await host(t, { turn: { urls: turn.urls, secret: [SECRET, 'the-old-one'], algorithm: 'sha256' } })
  const { turnServerUsername, turnServerCredential } = await ask(await connect())
  t.equal(turnServerCredential, sign(turnServerUsername, 'sha256'))
})

t.test('Where authorize decides who may join, there is TURN only for who has joined', async t => {
  const { connect } = await host(t, { turn, iceServers: [{ urls: 'stun:stun.example' }], authorize: (_request, { token }) => { if (token !== 'sesame') throw new Error('No.') } })
  const client = await connect()
  const stunAlone = { turnServerUsername: '', turnServerCredential: '', iceServers: [{ urls: 'stun:stun.example' }] }
  const before = await ask(client)
  t.match(before, stunAlone)
  t.equal(before.iceServers.length, 1)
  t.equal(before.ttl, undefined)
  client.send({ command: 'join', streamId: 'room' })
  await client.hears('error: unauthorized_access')
  t.match(await ask(client), stunAlone, 'nor after a refusal')
  await client.join('room', { token: 'sesame' })
  t.equal((await ask(client)).iceServers.length, 2)
})

t.test('Who asked before it sat is told again, by itself, once it sits and before anybody calls it', async t => {
  const { connect } = await host(t, { turn, authorize: () => {} })
  const first = await connect()
  await first.join('room')
  const second = await connect()
  t.equal((await ask(second)).iceServers.length, 0)
  second.send({ command: 'join', streamId: 'room' })
  t.match(await second.next(), { definition: 'joined' })
  t.match(await second.next(), { command: 'iceServerConfig', stunServerUri: 'turn:turn.example:3478' })
  const shy = await connect()
  await shy.join('another')
  t.same(await shy.heard(), [], 'who did not ask is not told')
})

t.test('The hooks of the route come before any TURN credentials', async t => {
  const { connect } = await host(t, { turn, onRequest: async request => { if (request.headers['x-key'] !== '1') throw Object.assign(new Error('No.'), { statusCode: 401 }) } })
  await t.rejects(connect('/app'))
  t.equal((await ask(await connect('/app', { headers: { 'x-key': '1' } }))).iceServers.length, 1)
})

for (const style of ['sync', 'async']) {
  t.test(`credentials may be a function of the request and the peer (${style})`, async t => {
    const asked: string[] = []
    const issue = (user: unknown, peer: string) => {
      asked.push(peer)
      return { username: `${String(user)}`, credential: 'from elsewhere', ttl: 99 }
    }
    const { connect } = await host(t, {
      turn: {
        urls: turn.urls,
        credentials: style === 'sync' ? (request, peer) => issue(request.headers['x-user'], peer) : async (request, peer) => issue(request.headers['x-user'], peer)
      }
    })
    const client = await connect('/app', { headers: { 'x-user': 'ann' } })
    const { peerId } = await client.join('room')
    t.match(await ask(client), { turnServerUsername: 'ann', turnServerCredential: 'from elsewhere', ttl: 99 })
    t.same(asked, [peerId])
  })
}

t.test('Frames behind a slow credentials function are taken after it, in order', async t => {
  let answer = () => {}
  let began = () => {}
  const begun = new Promise<void>(resolve => { began = resolve })
  const { connect } = await host(t, {
    turn: {
      urls: turn.urls,
      credentials: async () => {
        began()
        await new Promise<void>(resolve => { answer = resolve })
        return { username: 'u', credential: 'c' }
      }
    }
  })
  const client = await connect()
  client.send({ command: 'getIceServerConfig' })
  client.send({ command: 'ping' })
  await begun
  answer()
  t.match(await client.next(), { command: 'iceServerConfig', ttl: 3600 })
  t.match(await client.next(), { command: 'pong' })
})

for (const [style, credentials] of Object.entries({
  throws: () => { throw new Error('The TURN service is down.') },
  rejects: async () => { throw new Error('The TURN service is down.') },
  'returns nothing': (() => undefined) as unknown as TurnCredentialsFunction,
  'resolves to a user without credentials': (async () => ({ username: 'u' })) as unknown as TurnCredentialsFunction
})) {
  t.test(`A credentials function that ${style} is answered without TURN, and is in the log`, async t => {
    const { connect, log } = await host(t, { iceServers: [{ urls: 'stun:stun.example' }], turn: { urls: turn.urls, credentials } })
    const client = await connect()
    const answer = await ask(client)
    t.match(answer, { stunServerUri: 'stun:stun.example', turnServerUsername: '' })
    t.notMatch(JSON.stringify(answer), 'is down')
    t.match(log.from(50), [/turn\.credentials failed/])
    t.same(await client.heard(), [])
  })
}

t.test('A credentials function that never answers holds a client up for authorizeTimeout, and nobody else\'s joins', async t => {
  let asked = 0
  const { connect, log } = await host(t, {
    limits: { joinsInFlight: 1 },
    authorizeTimeout: 2_000,
    iceServers: [{ urls: 'stun:stun.example' }],
    turn: {
      urls: turn.urls,
      credentials: async () => {
        asked++
        return await new Promise(() => {})
      }
    }
  })
  const waiting = [await connect(), await connect()]
  const answers = waiting.map(ask)
  for (const { socket } of waiting) {
    socket.ping()
    await once(socket, 'pong')
  }
  t.equal(asked, 2)
  await (await connect()).join('room')
  t.same(log.from(50), [], 'and that while both are still waiting')
  for (const answer of await Promise.all(answers)) t.match(answer, { stunServerUri: 'stun:stun.example', turnServerUsername: '' })
  t.match(log.from(50), [/turn\.credentials failed/, /turn\.credentials failed/])
  for (const client of waiting) t.same(await client.heard(), [], 'the connection goes on')
})

t.test('Who asked before it sat is told of no TURN where the credentials function fails, and the process lives', async t => {
  const failing: TurnCredentialsFunction[] = [
    (() => null) as unknown as TurnCredentialsFunction,
    async () => { throw new Error('The TURN service is down.') }
  ]
  for (const credentials of failing) {
    const { connect } = await host(t, { turn: { urls: turn.urls, credentials }, authorize: () => {} })
    const client = await connect()
    await ask(client)
    client.send({ command: 'join', streamId: 'room' })
    await client.hears('joined')
    t.match(await client.hears('iceServerConfig'), { turnServerUsername: '' })
    t.same(await client.heard(), [])
  }
})

t.test('The secret is in no frame, no log line, no error and no dump', async t => {
  const server: Host = await host(t, { turn: { ...turn, secret: [SECRET, 'its-successor'] }, apps: { app: {}, other: { turn } } })
  const heard: string[] = []
  for (const path of ['/app', '/other']) {
    const client = await server.connect(path)
    client.socket.on('message', data => heard.push(String(data)))
    await ask(client)
    await client.join('room')
    await ask(client)
    for (const bad of ['{', '[]', '{"command":"dance"}', '{"command":"getIceServerConfig","streamId":7}', '{"command":"join"}']) client.send(bad)
    await client.heard()
  }
  heard.push(JSON.stringify(await server.app.rooms.dump()), JSON.stringify(server.log.lines))
  heard.push(await (await fetch(`${server.origin}/app`)).text(), await (await fetch(`${server.origin}/app/peer.html`)).text())
  t.ok(heard.length > 10 && server.log.lines.length > 0)
  for (const secret of [SECRET, 'its-successor']) t.equal(heard.filter(text => text.includes(secret)).length, 0, secret)
})

t.test('A bad TURN option does not show the secret in its error', async t => {
  await t.rejects(host(t, { turn: { urls: 'turn:turn.example', secret: SECRET, ttl: 1 } }), { code: 'FST_WEBRTC_BAD_OPTION', message: new RegExp(`^((?!${SECRET}).)*$`) })
})
