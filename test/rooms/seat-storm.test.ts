import t from 'tap'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import { FakeLink, type Heard } from '../helpers/fakes/fake-link.js'
import { describe } from '../helpers/describe.js'
import { promisesDone } from '../helpers/fakes/pending.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

const PROBE_TIMEOUT = 2_000
const RULES = { window: 20_000, hold: true, messages: 10, bytes: 10_000 }

function setUp (): { clock: TestClock, link: () => FakeLink } {
  const clock = new TestClock()
  const rooms = new RoomRegistry(RULES, clock)
  return {
    clock,
    link: () => new FakeLink({ rooms, clock, probeTimeout: PROBE_TIMEOUT })
  }
}

/** What a client reads, described. */
function read (link: FakeLink): string[] {
  const heard: string[] = []
  link.read(Infinity, message => heard.push(describe(message)), () => {})
  return heard
}

for (const dead of [0, 1, 2]) {
  t.test(`of twenty who storm a full room, the first ${dead} get the seats of sitters that do not answer, and each is told once`, async t => {
    const { clock, link } = setUp()
    const sitters = [link(), link()]
    for (const sitter of sitters) sitter.say({ command: 'join', streamId: 'room' })
    const joiners = Array.from({ length: 20 }, link)
    for (const joiner of joiners) {
      joiner.say({ command: 'join', streamId: 'room' })
      // The later ones share the probe that the first began, and wait no longer than it.
      clock.advance(50)
    }
    for (const sitter of sitters.slice(dead)) read(sitter)
    await clock.advanceSlowly(PROBE_TIMEOUT, promisesDone)
    await promisesDone()
    const answers = joiners.map(joiner => read(joiner).filter(what => /^(joined|error)/.test(what)))
    t.ok(answers.every(each => each.length === 1), 'each is told once')
    t.same(answers.map(([answer]) => answer?.split(' ')[0]), joiners.map((_, index) => index < dead ? 'joined' : 'error'))
    t.same(joiners.map(joiner => joiner.seats.size), joiners.map((_, index) => index < dead ? 1 : 0))
    t.equal(clock.pending, 0)
  })
}

t.test('a joiner whose place in the queue comes up as a sitter leaves does not wait for the probe', async t => {
  const { clock, link } = setUp()
  const [first, second, third, fourth] = [link(), link(), link(), link()]
  for (const each of [first, second, third, fourth]) each.say({ command: 'join', streamId: 'room' })
  first.say({ command: 'leave', streamId: 'room' })
  await promisesDone()
  t.same([third, fourth].map(({ seats }) => seats.size), [1, 0])
  fourth.lose(false)
  second.lose(false)
  await clock.advanceSlowly(PROBE_TIMEOUT, promisesDone)
  t.same([third, fourth].map(({ seats }) => seats.size), [1, 0], 'who has gone gets no seat')
  t.equal(clock.pending, 0)
})

t.test('a pong to a ping that went out before the seat was resumed confirms nothing of the seat', t => {
  const { link } = setUp()
  const other = link()
  const old = link()
  old.say({ command: 'join', streamId: 'room', resume: true })
  other.say({ command: 'join', streamId: 'room' })
  let token = ''
  old.read(1, (message: Heard) => { if ('resumeToken' in message) token = String(message.resumeToken) }, () => {})
  // peerJoined, start and one relay are under way, with a ping behind them, when the link is lost.
  other.say({ command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data: 1, n: 1 })
  old.ping()
  old.lose(false)

  const next = link()
  next.say({ command: 'join', streamId: 'elsewhere' })
  next.ping()
  next.say({ command: 'join', streamId: 'room', resume: true, resumeToken: token, received: 0 })
  const all = ['peerJoined room', 'start room', 'relay room 1']
  // Up to the pong and the new `joined`, and no further: then this link is lost too.
  next.read(3, message => { if ('resumeToken' in message) token = String(message.resumeToken) }, () => {})
  next.lose(false)
  const last = link()
  last.say({ command: 'join', streamId: 'room', resume: true, resumeToken: token, received: 0 })
  t.same(read(last), ['joined room 1 impolite resumable 0', ...all])
  t.end()
})
