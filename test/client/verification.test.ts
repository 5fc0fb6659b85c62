import t, { type Test } from 'tap'
import { deferred } from '../../lib/client/base/deferred.js'
import { LOADERS } from '../../lib/client/extras/extras.js'
import { fingerprintsOf } from '../../lib/client/extras/verification/fingerprints.js'
import { codeOf, commitmentTo } from '../../lib/client/extras/verification/verification-code.js'
import { VerificationExchange, type VerificationMessage } from '../../lib/client/extras/verification/verification-exchange.js'
import type { Frame } from '../../lib/client/signalling/frames.js'
import { inCall, World, type FakePage } from '../helpers/fakes/client-world.js'
import { FakePlainClient } from '../helpers/fakes/fake-plain-client.js'
import { turn } from '../helpers/fakes/pending.js'

// The code that two people read to one another (RFC 6189, sections 4.2 and 7).

const ASKED = { verification: true }
const CODE = /^[a-z]+ [a-z]+ [1-9]\d{3}$/

/** The codes that a page was told, in order. */
const told = (page: FakePage) => page.payloads.filter(([info]) => info === 'verification_code_changed').map(([, payload]) => (payload as { code: string | null }).code)

/** The messages of the exchange that a page has sent, over all its connections. */
const sent = (page: FakePage, world: World) => world.ice.connections.flatMap(connection => connection === page.connection ? connection.channels : [])
  .flatMap(channel => channel.sent).map(text => JSON.parse(text) as Frame).filter(({ command }) => command === 'verification')

/** Both have the same code; returns it. */
function same (t: Test, anna: FakePage, ben: FakePage, what = 'both have a code'): string {
  const code = anna.adaptor.verificationCode ?? ''
  t.match(code, CODE, what)
  t.equal(ben.adaptor.verificationCode, code, what)
  return code
}

t.test('both sides have the same code, whichever of them asks for it and whichever has made the offer', async t => {
  for (const [first, second] of [[true, true], [true, false], [false, true]]) {
    const world = new World()
    const pages = [world.page(t), world.page(t)] as const
    for (const [page, verification] of [[pages[0], first], [pages[1], second]] as const) {
      page.open(verification === true ? ASKED : {})
      void page.adaptor.join('room1')
      await world.whenIdle()
    }
    const code = same(t, ...pages, `asked: ${first} and ${second}`)
    for (const page of pages) t.same(told(page), [code])
    t.same(pages.flatMap(({ errors }) => errors), [])
  }
})

t.test('nobody asks: nothing is told, and nothing is sent', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  for (const page of [anna, ben]) {
    t.equal(page.adaptor.verificationCode, null)
    t.same(sent(page, world), [])
  }
})

t.test('a client of another make is sent nothing, and there is no code', async t => {
  for (const oursFirst of [true, false]) {
    const world = new World()
    const page = world.page(t)
    const plain = new FakePlainClient(world, 'room1', { data: true })
    page.open(ASKED)
    const joins = [() => page.adaptor.join('room1'), () => plain.join()]
    for (const join of oursFirst ? joins : joins.reverse()) {
      void join()
      await world.whenIdle()
    }
    t.equal(page.connection?.connectionState, 'connected')
    t.ok(page.connection?.channels.some(({ readyState }) => readyState === 'open'))
    t.same(page.connection?.channels.flatMap(channel => channel.sent), [])
    t.equal(page.adaptor.verificationCode, null)
    t.same(told(page), [])
  }
})

t.test('each call has a new code at both sides, whoever leaves and whoever is back first, with connections lost on the way', async t => {
  const world = new World()
  const pages = await world.call(t, ASKED)
  const codes = new Set([same(t, ...pages)])
  for (let round = 0; round < 24; round++) {
    const order = round % 2 === 0 ? pages : [...pages].reverse()
    const leaving = [order.slice(0, 1), order.slice(1), order][round % 3] as FakePage[]
    const back = round % 4 < 2 ? leaving : [...leaving].reverse()
    for (const page of leaving) void page.adaptor.leave()
    // At once, or when the other one has heard of it.
    if (round % 8 < 4) await world.whenIdle()
    for (const page of back) void page.adaptor.join('room1')
    if (round % 5 === 0) order[0]?.socket.cut()
    if (round % 7 === 0) order[1]?.socket.cut()
    await world.pass(10_000)
    t.ok(inCall(...pages), `round ${round}`)
    codes.add(same(t, ...pages, `round ${round}`))
    for (const page of leaving) t.same(told(page).slice(-2), [null, page.adaptor.verificationCode])
  }
  t.equal(codes.size, 25)
  t.same(pages.flatMap(({ errors }) => errors), [])
})

t.test('pages that keep their certificates from call to call have a new code in each all the same', async t => {
  const world = new World()
  world.ice.fingerprint = 'EE:EE'
  const [anna, ben] = await world.call(t, ASKED)
  const before = same(t, anna, ben)
  void anna.adaptor.leave()
  await world.whenIdle()
  void anna.adaptor.join('room1')
  await world.whenIdle()
  t.not(same(t, anna, ben), before)
})

t.test('a part that is loaded late, when what was sent before is of a call that has ended, gets a code all the same', async t => {
  for (const late of [0, 1] as const) {
    const world = new World()
    const load = LOADERS.verification
    const held = deferred<undefined>()
    let loads = 0
    LOADERS.verification = async () => {
      if (loads++ === late) await held.promise
      return await load()
    }
    t.teardown(() => { LOADERS.verification = load })
    const pages = await callWhileLoading(t, world)
    t.same(pages.map(({ adaptor }) => adaptor.verificationCode), [null, null])
    void pages[0].adaptor.leave()
    await turns(world)
    void pages[0].adaptor.join('room1')
    await turns(world)
    held.resolve(undefined)
    await world.whenIdle()
    same(t, ...pages)
    LOADERS.verification = load
  }
})

/** As much as happens while a part is being loaded. */
async function turns (world: World): Promise<void> {
  for (let count = 0; count < 200; count++) {
    for (const network of world.networks) network.step(() => true)
    await turn()
  }
}

async function callWhileLoading (t: Test, world: World): Promise<[FakePage, FakePage]> {
  const pages: [FakePage, FakePage] = [world.page(t), world.page(t)]
  for (const page of pages) {
    page.open(ASKED)
    void page.adaptor.join('room1')
    await turns(world)
  }
  t.ok(inCall(...pages))
  return pages
}

t.test('neither a lost connection to the server, nor a camera, nor an ICE restart changes the code', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t, ASKED)
  const code = same(t, anna, ben)
  anna.socket.cut()
  await world.pass(5_000)
  await anna.adaptor.turnOffLocalCamera()
  await world.whenIdle()
  ben.connection?.become('disconnected')
  await world.pass(10_000)
  await anna.adaptor.negotiate()
  await world.whenIdle()
  t.ok(inCall(anna, ben))
  for (const page of [anna, ben]) t.same(told(page), [code])
})

t.test('a new certificate is a new code, whichever side has it and whichever offers', async t => {
  for (const [changing, offering] of [[0, 0], [0, 1], [1, 0], [1, 1]] as const) {
    const world = new World()
    const pages = await world.call(t, ASKED)
    const before = same(t, ...pages)
    const { connection } = pages[changing]
    if (connection !== null) connection.fingerprint = 'BB:01'
    await pages[offering].adaptor.negotiate()
    await world.whenIdle()
    const after = same(t, ...pages, `page ${changing} changes, and page ${offering} offers`)
    t.not(after, before)
    for (const page of pages) t.same([told(page).slice(0, 2), told(page).at(-1)], [[before, null], after])
  }
})

t.test('a provisional answer with another certificate takes the code away: what it brings is in force', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t, ASKED)
  same(t, anna, ben)
  world.server.receive = (text, link) => {
    const frame = JSON.parse(text) as Frame
    if (frame.type !== 'answer') return link.take(text)
    link.take(JSON.stringify({ ...frame, type: 'pranswer', sdp: String(frame.sdp).replace(/(a=fingerprint:sha-256) \S+/, '$1 CC:CC') }))
  }
  await anna.adaptor.negotiate()
  await world.whenIdle()
  // The new handshake.
  anna.connection?.become('connecting')
  anna.connection?.become('connected')
  t.equal(anna.adaptor.verificationCode, null)
})

/** Whatever this side sends over its data channels passes here. */
function tamper ({ connection }: FakePage, change: (message: Frame) => object): void {
  for (const channel of connection?.channels ?? []) {
    const send = channel.send.bind(channel)
    channel.send = text => send(JSON.stringify(change(JSON.parse(text) as Frame)))
  }
}

t.test('a commitment that is opened with another nonce is an error, and gives this connection no code any more', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t, ASKED)
  same(t, anna, ben)
  const [committed, other] = sent(anna, world).some(({ step }) => step === 'commit') ? [anna, ben] : [ben, anna]
  tamper(committed, message => message.step === 'open' ? { ...message, nonce: 'f'.repeat(32) } : message)
  if (other.connection !== null) other.connection.fingerprint = 'BB:01'
  await other.adaptor.negotiate()
  await world.whenIdle()
  t.same(other.errorNames, ['verificationFailed'])
  t.equal(other.adaptor.verificationCode, null)
  t.equal(told(other).at(-1), null)
  if (other.connection !== null) other.connection.fingerprint = 'BB:02'
  await other.adaptor.negotiate()
  await world.whenIdle()
  t.equal(other.adaptor.verificationCode, null)
  t.same(other.errorNames, ['verificationFailed'])
  t.ok(inCall(anna, ben), 'and the call goes on')
})

t.test('a server that puts another certificate in place of either gives the two different codes', async t => {
  for (const replaced of ['offer', 'answer']) {
    const world = new World()
    world.server.receive = (text, link) => {
      const frame = JSON.parse(text) as Frame
      if (frame.type !== replaced) return link.take(text)
      link.take(JSON.stringify({ ...frame, sdp: String(frame.sdp).replace(/(a=fingerprint:sha-256) \S+/, '$1 CC:CC') }))
    }
    const pages = await world.call(t, ASKED)
    const [one, two] = pages.map(({ adaptor }) => adaptor.verificationCode)
    for (const code of [one, two]) t.match(code, CODE)
    t.not(one, two, replaced)
  }
})

t.test('whatever comes that is no message of the exchange does nothing', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t, ASKED)
  const code = same(t, anna, ben)
  for (const page of [anna, ben]) {
    for (const more of [{}, { step: 'answer', nonce: 'a' }, { step: 'open', commitment: null, nonce: 'a' }, { step: 'commit', commitment: 7 }, { step: 'open', commitment: 'x', nonce: 'y' }]) {
      page.connection?.channels[0]?.send(JSON.stringify({ command: 'verification', ...more }))
    }
  }
  await world.whenIdle()
  for (const page of [anna, ben]) {
    t.equal(page.adaptor.verificationCode, code)
    t.same(page.errors, [])
  }
})

t.test('on a page that is no secure context there is no code, and the call goes on', async t => {
  const { subtle } = crypto
  Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true })
  t.teardown(() => Object.defineProperty(crypto, 'subtle', { value: subtle, configurable: true }))
  const world = new World()
  const pages = await world.call(t, ASKED)
  for (const page of pages) {
    t.equal(page.adaptor.verificationCode, null)
    t.same(page.errors, [])
  }
  t.ok(inCall(...pages))
})

t.test('fingerprints count each once, in one order and one spelling, wherever a browser writes them', async t => {
  const of = (sdp: string) => fingerprintsOf({ sdp } as RTCSessionDescription)
  t.equal(of('v=0\r\na=fingerprint:sha-256 AB:CD\r\nm=audio 9\r\n'), of('v=0\r\nm=audio 9\r\na=fingerprint:SHA-256 ab:cd\r\nm=video 9\r\na=fingerprint:sha-256 AB:CD\r\n'))
  t.equal(of('a=fingerprint:sha-256 01\r\na=fingerprint:sha-1 02\r\n'), of('a=fingerprint:sha-1 02\r\na=fingerprint:sha-256 01\r\n'))
  t.not(of('a=fingerprint:sha-256 01\r\n'), of('a=fingerprint:sha-256 01\r\na=fingerprint:sha-256 02\r\n'), 'one that was added counts')
  t.equal(fingerprintsOf(null), '')
})

/** One end of the exchange, which is told what it is to do. */
class End {
  readonly exchange: VerificationExchange
  readonly heard: VerificationMessage[] = []
  readonly codes: string[] = []
  frauds = 0
  #secrets = 0

  constructor (name: string, initiator: boolean, send: (message: VerificationMessage) => void) {
    this.exchange = new VerificationExchange({
      initiator,
      secret: () => `${name}${++this.#secrets}`.padStart(32, '0'),
      send,
      handleCode: code => this.codes.push(code),
      handleFraud: () => { this.frauds++ }
    })
  }
}

/** Until no hash is being made. */
const whenIdle = async () => new World().whenIdle()

t.test('who sits in the middle sees as many exchanges as an honest call may need, and no more', async t => {
  const commitments: string[] = []
  const anna = new End('anna', true, message => { if (message.step === 'commit') commitments.push(message.commitment) })
  anna.exchange.handleFingerprints('anna', 'mallory')
  anna.exchange.begin()
  await whenIdle()
  for (let count = 0; count < 100; count++) {
    anna.exchange.receive({ command: 'verification', step: 'ask' })
    await whenIdle()
  }
  t.equal(commitments.length, 8)
  const answers: string[] = []
  const ben = new End('ben', false, message => { if (message.step === 'answer') answers.push(message.commitment ?? '') })
  ben.exchange.handleFingerprints('ben', 'mallory')
  for (let count = 0; count < 100; count++) {
    const commitment = await commitmentTo(`m${count}`)
    for (let again = 0; again < 2; again++) ben.exchange.receive({ command: 'verification', step: 'commit', commitment })
  }
  t.equal(new Set(answers).size, 8)
  t.equal(answers.length, 8, 'the same commitment once more is not answered anew')
})

t.test('a search over many keys makes the codes alike where the nonces are known before, and not in the exchange', async t => {
  // What is searched for is one word of the code, 64 times as likely as not, so that a search takes milliseconds and not an evening.
  const wordOf = (code: string | undefined) => code?.split(' ')[0] ?? ''
  /** The key that makes ben read the same word, if these are the nonces. */
  const search = async (word: string, mine: string, bens: string): Promise<string> => {
    for (let key = 0; key < 5_000; key++) if (wordOf(await codeOf({ fingerprints: [`key ${key}`, 'ben'], nonces: [mine, bens] })) === word) return `key ${key}`
    return 'none'
  }
  let alike = 0
  for (let evening = 0; evening < 30; evening++) {
    // Mallory has a whole exchange with anna, and knows what she will read.
    const anna: End = new End(`anna ${evening} `, true, message => {
      if (message.step === 'commit') anna.exchange.receive({ ...message, step: 'answer', nonce: 'm' })
    })
    anna.exchange.handleFingerprints('anna', 'mallory')
    anna.exchange.begin()
    await whenIdle()
    const word = wordOf(anna.codes[0])
    const told: string[] = []
    const ben = new End(`ben ${evening} `, false, message => { if (message.step === 'answer') told.push(message.nonce) })
    // Its certificate is in force before any nonce is told, so it is searched for with a guess of ben's.
    const key = await search(word, 'm', 'guess')
    const commitment = await commitmentTo('m')
    ben.exchange.handleFingerprints('ben', key)
    ben.exchange.receive({ command: 'verification', step: 'commit', commitment })
    ben.exchange.receive({ command: 'verification', step: 'open', commitment, nonce: 'm' })
    await whenIdle()
    t.equal(ben.codes.length, 1)
    if (wordOf(ben.codes[0]) === word) alike++
    const known = await search(word, 'm', told[0] ?? '')
    t.equal(wordOf(await codeOf({ fingerprints: [known, 'ben'], nonces: ['m', told[0] ?? ''] })), word, 'known before, it is found every time')
  }
  t.ok(alike <= 3, `alike by luck: ${alike} of 30`)
})

t.test('every code is as likely as any other', async t => {
  const words = new Set<string>()
  let sum = 0
  for (let count = 0; count < 1_000; count++) {
    const code = await codeOf({ fingerprints: ['a', 'b'], nonces: ['c', String(count)] })
    t.match(code, CODE)
    const [one = '', two = '', number] = code.split(' ')
    words.add(one).add(two)
    sum += Number(number)
  }
  t.equal(words.size, 64)
  t.ok(Math.abs(sum / 1_000 - 5_500) < 300, `the numbers are ${sum / 1_000} in the mean`)
})
