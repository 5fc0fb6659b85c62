import t, { type Test } from 'tap'
import Fastify from 'fastify'
import type { FastifyServerOptions } from 'fastify'
import { compileOrigins } from '../../lib/config/origins.js'
import type { OriginsOption } from '../../lib/config/origins.js'

interface Asked { origin?: string, host?: string, headers?: Record<string, string> }

/** Puts the question to a request as Fastify itself parsed it. */
function door (option: OriginsOption | undefined, server: FastifyServerOptions = {}) {
  const allowed = compileOrigins(option)
  const app = Fastify(server)
  app.get('/', async request => await allowed(request))
  return async ({ origin, host = 'app.example.com', headers = {} }: Asked): Promise<boolean> => {
    const response = await app.inject({ url: '/', headers: { host, ...(origin !== undefined && { origin }), ...headers } })
    if (response.statusCode !== 200) throw new Error(response.body)
    return response.json()
  }
}

async function table (t: Test, option: OriginsOption | undefined, rows: Array<[string, boolean, string?]>) {
  const ask = door(option)
  for (const [origin, expected, host] of rows) {
    t.equal(await ask({ origin, ...(host !== undefined && { host }) }), expected, `${origin}${host ? ` to ${host}` : ''}: ${expected ? 'in' : 'out'}`)
  }
}

t.test('By default a page comes in from the host name it asks, on any port', t => table(t, undefined, [
  ['https://app.example.com', true],
  ['http://app.example.com', true],
  ['https://app.example.com:8443', true],
  ['https://app.example.com', true, 'app.example.com:3000'],
  ['https://app.example.com', true, 'APP.Example.COM'],
  ['https://app.example.com', true, 'app.example.com.'],
  ['https://app.example.com.', true],
  ['HTTPS://APP.EXAMPLE.COM', true],
  ['http://127.0.0.1:5173', true, '127.0.0.1:8081'],
  ['http://[::1]:5173', true, '[::1]:8081'],
  ['http://[::1]', true, '[0:0:0:0:0:0:0:1]:8081'],
  ['https://xn--bcher-kva.example', true, 'xn--bcher-kva.example'],
  ['http://localhost', true, 'localhost:8081']
]))

t.test('By default a page of another host name stays out', t => table(t, undefined, [
  ['https://evil.example', false],
  ['https://example.com', false],
  ['https://sub.app.example.com', false],
  ['https://evilapp.example.com', false],
  ['https://app.example.com.evil.example', false],
  ['http://localhost:8081', false, '127.0.0.1:8081'],
  ['http://127.0.0.1:8081', false, '[::1]:8081'],
  ['chrome-extension://app.example.com', false],
  ['capacitor://app.example.com', false]
]))

t.test('By default what is no origin stays out, and so does an opaque one', t => table(t, undefined, [
  ['null', false],
  ['', false],
  ['app.example.com', false],
  ['//app.example.com', false],
  ['https://', false],
  ['https://app.example.com/', false],
  ['https://app.example.com/path', false],
  ['https://user@app.example.com', false],
  ['https://evil.example@app.example.com', false],
  ['https://evil.example\\@app.example.com', false],
  ['https://app.example.com?', false],
  ['https://app.example.com#', false],
  ['https://app.example.com, https://evil.example', false],
  ['https://app.example.com https://evil.example', false],
  ['https://app.example.com:99999', false],
  ['file://', false],
  ['null', false, 'null'],
  ['https://app.example.com', false, ''],
  ['https://app.example.com', false, 'evil.example/app.example.com'],
  ['https://app.example.com', false, 'evil@app.example.com']
]))

t.test('A client that sends no Origin passes, whatever the option says', async t => {
  const options: Array<OriginsOption | undefined> = [undefined, '*', [], 'https://other.example', /never/, () => false]
  for (const option of options) t.equal(await door(option)({}), true, String(option))
})

t.test('The name of the header before RFC 6455 counts as well', async t => {
  const ask = door(undefined)
  t.equal(await ask({ headers: { 'sec-websocket-origin': 'https://evil.example' } }), false)
  t.equal(await ask({ headers: { 'sec-websocket-origin': 'https://app.example.com' } }), true)
})

t.test('Behind a trusted proxy the host name is the one that the proxy was asked for, and only there', async t => {
  const asked = { origin: 'https://app.example.com', host: 'backend:8081', headers: { 'x-forwarded-host': 'app.example.com' } }
  t.equal(await door(undefined, { trustProxy: true })(asked), true)
  t.equal(await door(undefined)(asked), false)
  t.equal(await door(undefined, { trustProxy: true })({ ...asked, origin: 'https://backend' }), false)
})

t.test('An origin in the list means that scheme, host and port', t => table(t, ['https://app.example.com', 'http://localhost:3000', 'capacitor://localhost', 'https://SHOP.example.com:443/'], [
  ['https://app.example.com', true],
  ['https://app.example.com:443', true],
  ['http://app.example.com', false],
  ['https://app.example.com:8443', false],
  ['https://sub.app.example.com', false],
  ['https://app.example.com.evil.example', false],
  ['http://localhost:3000', true],
  ['http://localhost', false],
  ['http://localhost:30000', false],
  ['capacitor://localhost', true],
  ['ionic://localhost', false],
  ['https://shop.example.com', true],
  ['null', false]
]))

t.test('A list is the whole list: the host\'s own name is in it only where it says so', async t => {
  await table(t, ['https://partner.example'], [['https://app.example.com', false], ['https://partner.example', true]])
  await table(t, ['self', 'https://partner.example'], [['https://app.example.com', true], ['https://partner.example', true], ['https://evil.example', false]])
  await table(t, [], [['https://app.example.com', false]])
})

t.test('A host name in the list means any port, http or https, and nothing around the name', t => table(t, ['app.example.com', '[::1]'], [
  ['https://app.example.com', true],
  ['http://app.example.com:3000', true],
  ['https://APP.example.com', true],
  ['https://sub.app.example.com', false],
  ['https://evil-app.example.com', false],
  ['capacitor://app.example.com', false],
  ['http://[::1]:3000', true]
]))

t.test('A wildcard means the names under the domain, not the domain and not its look-alikes', async t => {
  await table(t, '*.example.com', [
    ['https://app.example.com', true],
    ['http://a.b.example.com:3000', true],
    ['https://example.com', false],
    ['https://evil-example.com', false],
    ['https://example.com.evil.example', false],
    ['https://app.example.com.evil.example', false],
    ['https://.example.com', false],
    ['null', false]
  ])
  await table(t, 'https://*.example.com:8443', [
    ['https://app.example.com:8443', true],
    ['https://app.example.com', false],
    ['http://app.example.com:8443', false],
    ['https://example.com:8443', false]
  ])
  await table(t, 'https://*.example.com', [
    ['https://app.example.com', true],
    ['https://app.example.com:8443', false]
  ])
})

t.test('A RegExp answers the same each time, whatever its flags', async t => {
  for (const flags of ['', 'g', 'y', 'gy', 'i']) {
    const pattern = new RegExp('^https://[a-z]+\\.example\\.com$', flags)
    pattern.lastIndex = 5
    const ask = door([pattern])
    const answers = []
    for (let i = 0; i < 4; i++) answers.push(await ask({ origin: 'https://app.example.com' }))
    t.same(answers, [true, true, true, true], `flags "${flags}"`)
    t.equal(await ask({ origin: 'https://app.example.com.evil.example' }), false)
    t.equal(pattern.lastIndex, 5, 'the caller\'s own RegExp is left alone')
  }
  t.equal(await door(/example/y)({ origin: 'https://app.example.com' }), false, 'sticky still means from the start')
})

t.test('A RegExp sees the origin as a browser writes it, and never what is no origin', t => table(t, /^https:\/\/app\.example\.com$|^null$/, [
  ['HTTPS://App.Example.com:443', true],
  ['null', true],
  ['https://app.example.com/', false]
]))

t.test('An opaque origin comes in where it is listed', async t => {
  await table(t, ['null'], [['null', true], ['https://app.example.com', false], ['', false]])
})

t.test('A star lets every page in, in a list too', async t => {
  for (const option of ['*', ['*'], ['https://app.example.com', '*']]) {
    await table(t, option, [['https://evil.example', true], ['null', true], ['rubbish', true]])
  }
})

t.test('A function gets the header and the request, may take its time, and lets in with true alone', async t => {
  const seen: string[] = []
  const ask = door(async (origin, request) => {
    seen.push(`${origin} to ${request.hostname}`)
    return origin === 'https://app.example.com'
  })
  t.equal(await ask({ origin: 'https://app.example.com' }), true)
  t.equal(await ask({ origin: 'HTTPS://evil.example/?' }), false)
  t.same(seen, ['https://app.example.com to app.example.com', 'HTTPS://evil.example/? to app.example.com'])
  t.equal(await door(() => true)({ origin: 'null' }), true)
  // A query builder of a database: it can be awaited, and is no Promise.
  const query = (found: boolean) => ({ then: (resolve: (value: boolean) => void) => resolve(found) })
  for (const found of [true, false]) {
    // @ts-expect-error TypeScript's users await it themselves
    t.equal(await door(() => query(found))({ origin: 'https://app.example.com' }), found, `a thenable of ${found}`)
  }
  for (const answer of ['yes', 1, undefined, {}, null]) {
    // @ts-expect-error a predicate answers with a boolean
    t.equal(await door(() => answer)({ origin: 'https://app.example.com' }), false, `${answer}`)
    // @ts-expect-error a predicate answers with a boolean
    t.equal(await door(async () => answer)({ origin: 'https://app.example.com' }), false, `a promise of ${answer}`)
  }
})

t.test('What a function throws goes to the caller, now or later', async t => {
  const origin = 'https://app.example.com'
  await t.rejects(door(() => { throw new Error('the database is away') })({ origin }), /the database is away/)
  await t.rejects(door(async () => { throw new Error('the database is away') })({ origin }), /the database is away/)
})

t.test('An entry that can match no origin is refused at start-up, by its text', async t => {
  const bad = ['', ' ', '/', 'https://', 'https://app.example.com/path', 'https://user@app.example.com', 'app.example.com/path', 'app.example.com:3000', 'app.example.com:80', '.example.com', 'a..example.com',
    'foo.*.com', '*.', '**', '*example.com', 'https://*', 'https://*.', '*.*.example.com', 'https://app.example.com, https://b.example']
  for (const entry of bad) {
    t.throws(() => compileOrigins(entry), { name: 'TypeError', message: `"${entry.replace(/\/$/, '')}` }, JSON.stringify(entry))
    t.throws(() => compileOrigins(['https://fine.example', entry]), TypeError)
  }
  // @ts-expect-error neither a string nor a RegExp
  t.throws(() => compileOrigins([1]), TypeError)
  // @ts-expect-error a function stands alone
  t.throws(() => compileOrigins([() => true]), TypeError)
  // @ts-expect-error not an option at all
  t.throws(() => compileOrigins({}), TypeError)
  // @ts-expect-error nor is null: say '*' or leave it out
  t.throws(() => compileOrigins(null), TypeError)
})
