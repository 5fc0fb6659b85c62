import t from 'tap'
import type { Authorization, TurnCredentialsFunction, WebrtcSignallingOptions } from '../../lib/index.js'
import { host, pair } from '../helpers/host.js'

// What the host's own code returns or hands over, and what goes out of that: nothing that a client could not take.

const circle: Record<string, unknown> = {}
circle.self = circle
const urls = ['turn:turn.example:3478']

const badCredentials: Record<string, unknown> = {
  'a ttl that is NaN': { username: 'u', credential: 'c', ttl: NaN },
  'a ttl below nothing': { username: 'u', credential: 'c', ttl: -5 },
  'a ttl of nothing': { username: 'u', credential: 'c', ttl: 0 },
  'a ttl of less than a second': { username: 'u', credential: 'c', ttl: 0.5 },
  'a ttl without end': { username: 'u', credential: 'c', ttl: Infinity },
  'a ttl that is a string': { username: 'u', credential: 'c', ttl: '60' },
  'a ttl that is a BigInt': { username: 'u', credential: 'c', ttl: 60n },
  'an empty username': { username: '', credential: 'c' },
  'an empty credential': { username: 'u', credential: '' },
  'a username that is a number': { username: 1, credential: 'c' },
  nothing: null
}
for (const [what, issued] of Object.entries(badCredentials)) {
  t.test(`turn.credentials that returns ${what} is answered without TURN, and is in the log`, async t => {
    const { connect, log } = await host(t, { iceServers: [{ urls: 'stun:stun.example' }], turn: { urls, credentials: (() => issued) as TurnCredentialsFunction } })
    const client = await connect()
    client.send({ command: 'getIceServerConfig' })
    const answer = await client.hears('iceServerConfig')
    t.match(answer, { stunServerUri: 'stun:stun.example', iceServers: [{ urls: 'stun:stun.example' }] })
    t.notOk('ttl' in answer)
    t.match(log.from(50), [/turn\.credentials failed/])
  })
}

t.test('a ttl of turn.credentials goes out as whole seconds, and without one that of the option does', async t => {
  const issued: Array<{ username: string, credential: string, ttl?: number }> = [{ username: 'u', credential: 'c', ttl: 99.7 }, { username: 'u', credential: 'c' }]
  const { connect } = await host(t, { turn: { urls, ttl: 600, credentials: () => issued.shift() ?? { username: '', credential: '' } } })
  const client = await connect()
  for (const ttl of [99, 600]) {
    client.send({ command: 'getIceServerConfig' })
    t.equal((await client.hears('iceServerConfig')).ttl, ttl)
  }
})

const badGrants: Record<string, unknown> = {
  'a role that is no string': { role: 1 },
  'metadata with a BigInt': { metadata: { id: 1n } },
  'metadata that is a circle': { metadata: circle },
  'metadata that is a function': { metadata: () => {} },
  'metadata that cannot be read': { metadata: { toJSON () { throw new Error('No.') } } }
}
for (const [what, grant] of Object.entries(badGrants)) {
  t.test(`authorize that returns ${what} refuses the join, and is in the log`, async t => {
    const { app, connect, log } = await host(t, { authorize: () => grant as Authorization })
    const client = await connect()
    client.send({ command: 'join', streamId: 'room' })
    await client.hears('error: unauthorized_access')
    t.ok(log.lines.some(line => line.msg === 'authorize refused a join'))
    t.same(await app.rooms.list(), [])
  })
}

t.test('what fastify.rooms is handed for clients is checked before it goes out, and disturbs nobody', async t => {
  const server = await host(t)
  const clients = await pair(server)
  const { rooms } = server.app
  const [peer] = await rooms.peers('app', 'room')
  const id = String(peer?.id)
  const bad = { code: 'FST_WEBRTC_BAD_ARGUMENT' }
  for (const data of [1n, circle, () => {}, Symbol('s')]) {
    await t.rejects(rooms.send('app', 'room', 'news', data), bad)
    await t.rejects(rooms.sendToPeer(id, 'news', data), bad)
    await t.rejects(rooms.sendToPeer('nobody', 'news', data), bad, 'also where there is nobody, so that the mistake is found')
  }
  for (const definition of [1, undefined, null, '', {}, 'x'.repeat(257)]) await t.rejects(rooms.send('app', 'room', definition as unknown as string), bad)
  for (const reason of [1, null, {}, circle]) {
    await t.rejects(rooms.close('app', 'room', reason as unknown as string), bad)
    await t.rejects(rooms.remove(id, reason as unknown as string), bad)
  }
  for (const client of clients) t.same(await client.heard(), [])
})

t.test('turn: and turns: without username and credential stop the start and are named, wherever they are', async t => {
  const bad: Array<[object, string]> = [
    [{ urls: 'turn:turn.example' }, 'username'],
    [{ urls: ['stun:stun.example', 'turns:turn.example'] }, 'username'],
    [{ urls: 'turn:turn.example', username: 'u' }, 'credential'],
    [{ urls: 'turn:turn.example', credential: 'c' }, 'username'],
    [{ urls: 'turn:turn.example', username: '', credential: 'c' }, 'username'],
    [{ urls: 'turn:turn.example', username: 'u', credential: undefined }, 'credential']
  ]
  for (const [server, missing] of bad) {
    const iceServers = [{ urls: 'stun:stun.example' }, server]
    for (const [options, path] of [[{ iceServers }, ''], [{ apps: { app: { iceServers } } }, 'apps.app.']] as const) {
      await t.rejects(host(t, options as unknown as WebrtcSignallingOptions), { code: 'FST_WEBRTC_BAD_OPTION', message: `fastify-webrtc-signalling: option '${path}iceServers[1].${missing}' must be given with a turn: or turns: URL` })
    }
  }
  await host(t, { iceServers: [{ urls: ['stuns:stun.example', 'turn:turn.example'], username: 'u', credential: 'c' }] })
})
