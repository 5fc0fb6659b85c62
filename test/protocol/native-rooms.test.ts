import t from 'tap'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import { FakeLink } from '../helpers/fakes/fake-link.js'
import { describe } from '../helpers/describe.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// What rooms say to clients that join again, leave at the same moment, or end at a `stop`: with a clock that the test moves.

const IOS = { token: '', video: true, audio: true, trackList: [] }
const OFFER = { command: 'takeConfiguration', streamId: 'room', type: 'offer', sdp: 'v=0' }
const CANDIDATE = { command: 'takeCandidate', streamId: 'room', label: 0, id: '0', candidate: 'x' }

class Room {
  readonly clock = new TestClock()
  readonly rooms = new RoomRegistry({ window: 20_000, hold: true, messages: 256, bytes: 262_144 }, this.clock)

  link (): { say: (message: object) => void, join: (fields?: object) => void, heard: () => string[], link: FakeLink } {
    const heard: string[] = []
    const link = new FakeLink({ rooms: this.rooms, clock: this.clock, probeTimeout: 2_000, sent: message => { heard.push(describe(message).split(' ')[0] ?? '') } })
    return {
      link,
      say: message => link.say(message),
      join: (fields = {}) => link.say({ command: 'join', streamId: 'room', ...fields }),
      heard: () => heard.splice(0)
    }
  }
}

t.test('A sitter that joins again hears `joined`, and the other is asked, once, with `stop` before it where it takes one', t => {
  for (const [make, fields, told] of [
    ['a browser', {}, ['stop', 'peerLeft', 'peerJoined', 'start']],
    ['our SDK', { resume: true }, ['stop', 'peerLeft', 'peerJoined', 'start']],
    ['iOS', IOS, ['peerLeft', 'peerJoined', 'start']],
    ['Android', { token: 'a' }, ['peerLeft', 'peerJoined', 'start']],
    ['Flutter', { mode: 'play or both', multiPeer: false }, ['peerLeft', 'peerJoined', 'start']]
  ] as const) {
    for (const place of ['first', 'second'] as const) {
      const room = new Room()
      const [ios, other] = [room.link(), room.link()]
      const [one, two] = place === 'first' ? [ios, other] : [other, ios]
      one.join(one === ios ? IOS : fields)
      two.join(two === ios ? IOS : fields)
      one.say(OFFER)
      ios.heard()
      other.heard()
      ios.join(IOS)
      t.same(ios.heard(), ['joined'], `${make}, iOS being ${place}`)
      t.same(other.heard(), told, `${make}, iOS being ${place}`)
    }
  }
  t.end()
})

t.test('Two that join again at once: who was asked first makes the offer, and nobody else is asked', t => {
  const room = new Room()
  const [one, two] = [room.link(), room.link()]
  one.join(IOS)
  two.join(IOS)
  one.say(OFFER)
  one.heard()
  two.heard()
  one.join(IOS)
  t.same(two.heard(), ['peerLeft', 'peerJoined', 'start'])
  two.join(IOS)
  t.same(one.heard(), ['joined', 'peerLeft', 'peerJoined'], 'the offer of the other is on its way')
  t.same(two.heard(), ['joined'])
  two.say(OFFER)
  t.same(one.heard(), ['relay'])
  // That offer is there: whoever joins now is a new case.
  two.join(IOS)
  t.same(one.heard(), ['peerLeft', 'peerJoined', 'start'])
  t.end()
})

t.test('A sitter that was asked and never offered is asked again when it joins again, and the other is not', async t => {
  const room = new Room()
  const [ios, other] = [room.link(), room.link()]
  ios.join(IOS)
  other.join()
  ios.heard()
  other.heard()
  await room.clock.advanceSlowly(3_000, async () => {})
  ios.join(IOS)
  t.same(ios.heard(), ['joined', 'start'])
  t.same(other.heard(), ['stop', 'peerLeft', 'peerJoined'])
})

t.test('Who joins again alone in its room is asked for nothing, and whoever comes is called', t => {
  const room = new Room()
  const [one, two] = [room.link(), room.link()]
  one.join(IOS)
  one.join(IOS)
  t.same(one.heard(), ['joined', 'joined'])
  t.equal(room.rooms.find('app', 'room')?.seats.length, 1)
  two.join()
  t.same(one.heard(), ['peerJoined', 'start'])
  t.end()
})

t.test('A join on the same socket with the token of its own seat takes that seat back, and the socket stays', t => {
  const room = new Room()
  const [one, two] = [room.link(), room.link()]
  const tokens: string[] = []
  one.link.send = frame => { tokens.push(String(frame)) }
  one.join({ resume: true })
  two.join()
  const { resumeToken } = JSON.parse(tokens[0] ?? '') as { resumeToken: string }
  two.heard()
  one.join({ resume: true, resumeToken, received: 2 })
  t.match(JSON.parse(tokens.at(-1) ?? ''), { definition: 'joined', resumed: true })
  t.equal(one.link.open, true)
  t.same(one.link.seats.size, 1)
  t.same(two.heard(), [], 'and the other hears nothing of it')
  t.end()
})

t.test('What belongs to a call that the other has just left is dropped in silence, for three seconds; a message is not', async t => {
  const room = new Room()
  const [one, two] = [room.link(), room.link()]
  one.join()
  two.join()
  one.heard()
  two.say({ command: 'leave' })
  t.same(one.heard(), ['stop', 'peerLeft'])
  const message = { command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data: 1 }
  for (const frame of [OFFER, CANDIDATE, CANDIDATE]) one.say(frame)
  t.same(one.heard(), [])
  one.say(message)
  t.same(one.heard(), ['error'], 'an application that talks to nobody wants to know')
  await room.clock.advanceSlowly(2_999, async () => {})
  one.say(CANDIDATE)
  t.same(one.heard(), [])
  await room.clock.advanceSlowly(1, async () => {})
  one.say(CANDIDATE)
  t.same(one.heard(), ['error'])
  t.equal(room.clock.pending, 0, 'and no timer was set for it')
})

t.test('A sitter that leaves while somebody waits for its place is replaced at once: who would end at a `stop` hears none', async t => {
  for (const [fields, told] of [[IOS, ['peerLeft', 'peerJoined', 'start']], [{}, ['stop', 'peerLeft', 'peerJoined', 'start']]] as const) {
    const room = new Room()
    const [one, two, three] = [room.link(), room.link(), room.link()]
    one.join(fields)
    two.join()
    one.heard()
    three.join()
    two.say({ command: 'leave' })
    t.same(one.heard(), told)
  }
})
