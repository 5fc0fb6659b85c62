import t from 'tap'
import { EventRecorder, type Logger, type RoomEvents } from '../../lib/events.js'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import { FakeLink } from '../helpers/fakes/fake-link.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// What is recorded, one method for each event, and that an event costs nothing where nobody listens to it.

type Name = keyof RoomEvents

/** What is written down: the level, what the line is about, and its message. */
type Line = [level: 'debug' | 'error', about: object, message: string]
const journal = (lines: Line[]): Logger => ({
  debug: (about, message) => { lines.push(['debug', about, message]) },
  error: (about, message) => { lines.push(['error', about, message]) }
})

const SEAT = { log: journal([]), id: 'peer', connection: 'connection', room: { app: 'app', name: 'room' } }
const PLACE = { app: 'app', room: 'room', peer: 'peer', connection: 'connection' }

/** For each event, what is recorded of a seat, and what a listener is told. */
const EVENTS: { [E in Name]: [record: (events: EventRecorder, seat: typeof SEAT) => void, told: RoomEvents[E][0]] } = {
  joined: [(events, seat) => events.joined(seat, 2), { ...PLACE, peers: 2 }],
  left: [(events, seat) => events.left(seat, 'lost', 1), { ...PLACE, reason: 'lost', peers: 1 }],
  started: [(events, seat) => events.started(seat), PLACE],
  absent: [(events, seat) => events.absent(seat, 5_000), { ...PLACE, window: 5_000 }],
  resumed: [(events, seat) => events.resumed(seat, 3), { ...PLACE, replayed: 3 }],
  relayed: [(events, seat) => events.relayed(seat, 'takeCandidate', 120), { ...PLACE, command: 'takeCandidate', bytes: 120 }],
  refused: [
    (events, seat) => events.refused(seat, seat.room.app, seat.room.name, 'rateExceeded', 'Too many.'),
    { app: 'app', room: 'room', definition: 'rateExceeded', message: 'Too many.' }
  ],
  connected: [(events, seat) => events.connected(connectionOf(seat)), { app: 'app', connection: 'connection' }],
  disconnected: [
    (events, seat) => events.disconnected(connectionOf(seat), 1001, 'goingAway', 60_000),
    { app: 'app', connection: 'connection', code: 1001, reason: 'goingAway', duration: 60_000 }
  ],
  upgradeRefused: [
    (events, seat) => events.upgradeRefused(seat, seat.room.app, 503, 'FST_WEBRTC_FULL'),
    { app: 'app', status: 503, code: 'FST_WEBRTC_FULL' }
  ]
}
const NAMES = Object.keys(EVENTS) as Name[]

/** A connection whose id is that of the seat's, and is asked for when the event asks. */
function connectionOf (seat: typeof SEAT): { app: string, id: string, log: Logger } {
  return { app: 'app', log: seat.log, get id () { return seat.connection } }
}

/** A seat that notes whether an event was put together from it: all of them ask it for something that stands for it. */
function watched (): { seat: typeof SEAT, asked: string[] } {
  const asked: string[] = []
  return { asked, seat: new Proxy(SEAT, { get: (seat, key) => { if (key !== 'log') asked.push(String(key)); return Reflect.get(seat, key) } }) }
}

for (const name of NAMES) {
  t.test(`${name} is told as it is documented, to whoever listens to it and to nobody else`, async t => {
    const events = new EventRecorder()
    const told: Array<[Name, unknown]> = []
    for (const other of NAMES) events.on(other, (event: unknown) => told.push([other, event]))
    EVENTS[name][0](events, SEAT)
    t.strictSame(told, [[name, EVENTS[name][1]]])
  })

  // What these two bear is there already.
  if (name === 'refused' || name === 'upgradeRefused') continue
  t.test(`${name} is not put together where all others have listeners, nor after its only one has gone`, async t => {
    const events = new EventRecorder()
    const { seat, asked } = watched()
    for (const other of NAMES) if (other !== name) events.on(other, () => {})
    const listener = (): void => {}
    events.on(name, listener)
    events.off(name, listener)
    events.once(name, () => {})
    EVENTS[name][0](events, SEAT)
    EVENTS[name][0](events, seat)
    t.same(asked, [])
    events.on(name, listener)
    EVENTS[name][0](events, seat)
    t.not(asked.length, 0, 'a listener has it put together')
  })
}

t.test('refused names no room where the message named none, and upgradeRefused no code where there is none', async t => {
  const events = new EventRecorder()
  const told: unknown[] = []
  events.on('refused', event => told.push(event))
  events.on('upgradeRefused', event => told.push(event))
  events.refused(SEAT, 'app', undefined, 'notJson', 'This is no JSON.')
  events.upgradeRefused(SEAT, 'app', 401, undefined)
  t.strictSame(told, [{ app: 'app', definition: 'notJson', message: 'This is no JSON.' }, { app: 'app', status: 401 }])
})

/** The line that is written for each change, whether anybody listens or not. */
const LINES: Record<Name, Line[]> = {
  joined: [['debug', { peers: 2 }, 'a peer joined']],
  left: [['debug', { reason: 'lost', peers: 1 }, 'a peer left']],
  started: [['debug', {}, 'a peer was asked for an offer']],
  absent: [['debug', { window: 5_000 }, 'a peer is absent']],
  resumed: [['debug', { replayed: 3 }, 'a peer resumed its seat']],
  relayed: [],
  refused: [],
  connected: [],
  disconnected: [],
  upgradeRefused: []
}

for (const name of NAMES) {
  t.test(`${name} writes the lines that belong to it, and none for its listeners but one for each that throws`, async t => {
    const events = new EventRecorder()
    const lines: Line[] = []
    const seat = { ...SEAT, log: journal(lines) }
    EVENTS[name][0](events, seat)
    t.strictSame(lines, LINES[name])
    const oops = new Error('Oops.')
    events.on(name, () => { throw oops })
    events.once(name, async () => { throw oops })
    let told = 0
    events.on(name, () => { told++ })
    EVENTS[name][0](events, seat)
    await new Promise(setImmediate)
    t.equal(told, 1)
    const failed: Line = ['error', { err: oops, event: name }, 'a listener of fastify.rooms threw']
    t.strictSame(lines.slice(LINES[name].length), [...LINES[name], failed, failed])
  })
}

t.test('A relay records its message, and asks the sender for no id where nobody listens', async t => {
  const clock = new TestClock()
  const rooms = new RoomRegistry({ window: 20_000, hold: true, messages: 100, bytes: 100_000 }, clock)
  const [ann, ben] = [1, 2].map(() => {
    const link = new FakeLink({ rooms, clock, probeTimeout: 2_000 })
    link.say({ command: 'join', streamId: 'room' })
    return link
  }) as [FakeLink, FakeLink]
  let ids = 0
  const { id } = ann
  Object.defineProperty(ann, 'id', { get: () => { ids++; return id } })
  const say = (): void => ann.say({ command: 'takeCandidate', streamId: 'room', label: 0, id: '0', candidate: '' })
  say()
  t.equal(ids, 0)
  const told: unknown[] = []
  rooms.events.once('relayed', event => told.push(event))
  say()
  say()
  t.match(told, [{ app: 'app', room: 'room', connection: id, command: 'takeCandidate', bytes: Number }])
  t.equal(told.length, 1)
  t.equal(ids, 1)
  t.equal(ben.unread, 4, 'all of them have been relayed, behind what the join said')
})
