import t from 'tap'
import fc from 'fast-check'
import { createHmac } from 'node:crypto'
import { Value } from 'typebox/value'
import { issueCredentials } from '../../lib/turn/credentials.js'
import { buildIceServerConfig } from '../../lib/turn/ice-config.js'
import { IceServerConfigSchema } from '../../lib/protocol/server-messages.js'

const request = { secret: 'north', user: 'alice', ttl: 600, now: 1_700_000_000_999 }

t.test('The username is the second of expiry and the user, the credential its HMAC-SHA1 in base64', async t => {
  // openssl: printf 1700000600:alice | openssl dgst -sha1 -hmac north -binary | base64
  t.same(issueCredentials(request), { username: '1700000600:alice', credential: 'gthUwOpcRoLI0MMCziCEBOWYnpo=', ttl: 600 })
})

t.test('SHA-256 is used where it is asked for', async t => {
  const { username, credential } = issueCredentials({ ...request, algorithm: 'sha256' })
  t.equal(credential, createHmac('sha256', 'north').update(username).digest('base64'))
})

t.test('Of several secrets the first issues', async t => {
  t.same(issueCredentials({ ...request, secret: ['north', 'south'] }), issueCredentials(request))
})

t.test('What would issue worthless credentials is refused', async t => {
  for (const bad of [{ secret: '' }, { secret: [] }, { ttl: 0 }, { ttl: -1 }, { ttl: 1.5 }, { ttl: NaN }, { user: 'x'.repeat(481) }, { user: 'é'.repeat(81) }]) {
    t.throws(() => issueCredentials({ ...request, ...bad }), RangeError, JSON.stringify(bad).slice(0, 40))
  }
})

t.test('A user may be as long as a username has room for', async t => {
  const { username } = issueCredentials({ ...request, user: 'é'.repeat(80) })
  t.equal(username.length, 491)
  t.ok(username.length < 509, 'RFC 8489 section 14.3')
})

t.test('No error names the secret', async t => {
  try {
    issueCredentials({ ...request, secret: 'north', ttl: 0 })
    t.fail('a ttl of 0 was taken')
  } catch (error) {
    t.notMatch(String(error), 'north')
  }
})

t.test('An empty user gives the second alone', async t => {
  t.equal(issueCredentials({ ...request, user: '' }).username, '1700000600')
})

t.test('Whatever the user is called, the username has one colon and plain ASCII, and no two users share one', async t => {
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
  t.doesNotThrow(() => fc.assert(fc.property(name, name, (one, other) => {
    const [a, b] = [one, other].map(user => issueCredentials({ ...request, user }).username)
    return /^\d{10}:[A-Za-z0-9_.~@%-]+$/.test(a ?? '') && (a === b) === (one === other) &&
      decodeURIComponent(a?.slice(11) ?? '') === one
  })))
  t.equal(issueCredentials({ ...request, user: '9999999999:eve' }).username, '1700000600:9999999999%3Aeve')
  t.equal(issueCredentials({ ...request, user: '\ud800' }).username, '1700000600:%EF%BF%BD', 'half a surrogate pair does not throw')
})

const turn = { urls: ['turn:t.example.com:3478', 'turns:t.example.com:5349?transport=tcp'], ...issueCredentials(request) }
const stun = { urls: 'stun:s.example.com' }

t.test('With TURN, the answer names it in the old fields and lists every URL in the new one', async t => {
  const answer = buildIceServerConfig({ iceServers: [stun], turn })
  const { ttl, ...server } = turn
  t.same(answer, {
    command: 'iceServerConfig',
    stunServerUri: 'turn:t.example.com:3478',
    turnServerUsername: turn.username,
    turnServerCredential: turn.credential,
    iceServers: [stun, server],
    ttl
  })
})

t.test('The old fields name what an older client can use: turn: with credentials, else stun:, else nothing', async t => {
  const named = (iceServers: Parameters<typeof buildIceServerConfig>[0]['iceServers']) => {
    const { stunServerUri, turnServerUsername, turnServerCredential } = buildIceServerConfig({ iceServers })
    return [stunServerUri, turnServerUsername, turnServerCredential]
  }
  const login = { username: 'u', credential: 'c' }
  t.same(named([]), ['', '', ''])
  t.same(named([stun]), ['stun:s.example.com', '', ''])
  t.same(named([stun, { urls: ['turns:x', 'turn:y'], ...login }]), ['turn:y', 'u', 'c'])
  t.same(named([{ urls: 'turns:x', ...login }, { urls: ['stuns:z', 'stun:s'] }]), ['stun:s', '', ''])
  t.same(named([{ urls: 'turns:x', ...login }]), ['', '', ''])
  t.same(named([{ urls: 'turn:x' }, stun]), ['stun:s.example.com', '', ''], 'TURN without credentials would throw in the browser')
})

t.test('Fresh credentials win over a TURN server of the iceServers option, and keep their place behind it in the list', async t => {
  const own = { urls: 'turn:own', username: 'u', credential: 'c' }
  const answer = buildIceServerConfig({ iceServers: [own], turn })
  t.equal(answer.stunServerUri, 'turn:t.example.com:3478')
  t.same(answer.iceServers.map(server => server.urls), ['turn:own', turn.urls])
})

t.test('Every answer fits the schema, and without TURN it has no ttl', async t => {
  for (const parts of [{ iceServers: [] }, { iceServers: [stun] }, { iceServers: [stun], turn }, { iceServers: [], turn: { ...turn, urls: 'turns:only' } }]) {
    const answer = buildIceServerConfig(parts)
    t.ok(Value.Check(IceServerConfigSchema, answer), JSON.stringify(answer))
    t.equal('ttl' in answer, 'turn' in parts)
  }
})

t.test('The answer never changes what the options say', async t => {
  const iceServers = Object.freeze([Object.freeze({ ...stun })])
  for (const answer of [buildIceServerConfig({ iceServers, turn }), buildIceServerConfig({ iceServers })]) {
    t.not(answer.iceServers, iceServers)
  }
  t.same(iceServers, [stun])
})
