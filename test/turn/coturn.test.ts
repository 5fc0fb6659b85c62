import t from 'tap'
import { issueCredentials } from '../../lib/turn/credentials.js'
import { startCoturn } from '../helpers/coturn.js'
import { allocate } from '../helpers/turn-client.js'

const secret = 'north, and a space'
const former = 'south'
const issue = (over: Partial<Parameters<typeof issueCredentials>[0]> = {}) =>
  issueCredentials({ secret, user: 'alice', ttl: 600, now: Date.now(), ...over })

t.test('Debian\'s coturn', async t => {
  const coturn = await startCoturn({ secrets: [secret, former] })
  t.teardown(coturn.stop)
  const take = (credentials: { username: string, credential: string }) => allocate(coturn.port, credentials)
  const refused = { name: 'StunError', code: 401 }

  await t.test('It relays for issued credentials', async t => {
    const { relayed, lifetime } = await take(issue())
    t.equal(relayed.address, '127.0.0.1')
    t.ok(relayed.port > 0)
    t.ok(lifetime > 0)
  })

  await t.test('It takes every user, however the app calls them', async t => {
    for (const user of ['', 'a:b', '1:2', '9999999999:eve', 'Zoë', '\u2126', '\u{1F600}', 'x'.repeat(480), ' ', 'a@example.com']) {
      await t.resolves(take(issue({ user })), JSON.stringify(user).slice(0, 30))
    }
  })

  await t.test('It takes what the former secret issued while that is still configured', async t => {
    await t.resolves(take(issue({ secret: [former] })))
    await t.resolves(take(issue({ secret: [secret, former] })))
  })

  await t.test('It refuses a foreign secret', t => t.rejects(take(issue({ secret: 'east' })), refused))

  await t.test('It refuses an expiry put off, a user changed and a credential changed', async t => {
    const { username, credential } = issue()
    const [expiry] = username.split(':')
    await t.rejects(take({ username: `${Number(expiry) + 1}:alice`, credential }), refused)
    await t.rejects(take({ username: `${expiry}:bob`, credential }), refused)
    await t.rejects(take({ username: `${expiry}`, credential }), refused)
    await t.rejects(take({ username, credential: `A${credential.slice(1)}` === credential ? `B${credential.slice(1)}` : `A${credential.slice(1)}` }), refused)
    await t.rejects(take({ username, credential: '' }), refused)
    await t.resolves(take({ username, credential }), 'as issued they are good')
  })

  await t.test('It refuses expired ones', async t => {
    await t.rejects(take(issue({ ttl: 60, now: Date.now() - 62_000 })), refused)
    await t.resolves(take(issue({ ttl: 60, now: Date.now() - 30_000 })), 'half way through they are good')
  })

  await t.test('It knows SHA-1 alone: credentials made with SHA-256 are for other servers', t =>
    t.rejects(take(issue({ algorithm: 'sha256' })), refused))
})

t.test('Where turnserver is missing, the error says what to install', async t => {
  const path = process.env.PATH
  t.teardown(() => { process.env.PATH = path })
  process.env.PATH = ''
  await t.rejects(startCoturn({ secrets: [secret] }), /apt-get install coturn/)
})
