import t from 'tap'
import { CLOSE_CODES, type CloseReason } from '../../lib/protocol/codes.js'
import { Participant } from '../../lib/rooms/participant.js'
import type { Grant, ParticipantPorts } from '../../lib/rooms/participant-ports.js'
import type { PeerLink } from '../../lib/rooms/peer-link.js'
import type { Refusal } from '../../lib/rooms/refusal.js'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import { buildIceServerConfig } from '../../lib/turn/ice-config.js'
import { NO_LOG } from '../helpers/fakes/fake-link.js'
import { promisesDone } from '../helpers/fakes/pending.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// The peer of one connection by itself: what waits behind a command, what becomes of a join in flight, and what its ports are asked.

const JOIN = { command: 'join', streamId: 'room' }
const CANDIDATE = { command: 'takeCandidate', streamId: 'room', label: 0, id: '0', candidate: '' }

interface Decision { message: string | undefined, answer: (decision: Grant | Refusal) => void, fail: (error: Error) => void }

/** A peer on a link that notes what it is sent, with an application that decides when the test says so. */
function setUp ({ roomsPerConnection = 2, waitingFrames = 3, atOnce = false, iceServersNeedSeat = false } = {}) {
  const clock = new TestClock()
  const rooms = new RoomRegistry({ window: 20_000, hold: true, messages: 100, bytes: 100_000 }, clock)
  const heard: string[] = []
  const closes: CloseReason[] = []
  const failures: unknown[] = []
  const asked: Decision[] = []
  const seatsAskedFor: Array<string | undefined> = []
  const link = {
    id: 'connection',
    key: 'address',
    log: NO_LOG,
    logIn: () => NO_LOG,
    trace: () => ({ id: 'connection', logIn: () => NO_LOG }),
    open: true as boolean,
    send: frame => {
      if (!link.open) return
      const { command, definition, streamId } = JSON.parse(frame.toString()) as Record<string, string>
      heard.push([command === 'notification' ? '' : command, definition, streamId].filter(Boolean).join(' '))
    },
    probe: answer => { clock.after(2_000, () => answer(true)) },
    close: reason => {
      closes.push(reason)
      link.open = false
    },
    terminate: () => { link.open = false }
  } satisfies PeerLink & { open: boolean }
  const ports: ParticipantPorts = {
    iceServersNeedSeat,
    authorize: ({ streamId }) => atOnce
      ? {}
      : new Promise<Grant | Refusal>((resolve, reject) => asked.push({ message: streamId, answer: resolve, fail: reject })),
    iceServerConfig: seat => {
      seatsAskedFor.push(seat)
      return buildIceServerConfig({ iceServers: [] })
    },
    joined: () => { heard.push('(joined)') },
    failed: error => { failures.push(error) },
    dismiss: reason => {
      participant.lost(CLOSE_CODES[reason].resumable)
      link.close(reason)
    }
  }
  const participant: Participant = new Participant('app', rooms, link, ports, { rooms: 10, roomsPerConnection, waitingFrames })
  const say = (...messages: object[]): void => { for (const message of messages) participant.handle(Buffer.from(JSON.stringify(message))) }
  /** Until the command that is under way is over. */
  const idle = async (): Promise<void> => {
    await promisesDone()
    if (participant.busy) throw new Error('The command does not end.')
  }
  return { clock, rooms, link, participant, say, idle, heard, closes, failures, asked, seatsAskedFor }
}

t.test('Frames behind a join that the application considers wait for it, and take effect in their order', async t => {
  const { say, asked, idle, heard, participant, rooms } = setUp()
  say(JOIN, CANDIDATE, { command: 'leave' }, { command: 'ping' })
  t.same([heard, participant.busy, participant.joining, rooms.joinsInFlight], [[], true, true, 1])
  asked[0]?.answer({})
  await idle()
  t.same(heard, ['joined room', '(joined)', 'error no_peer_associated_before room', 'leaved room', 'pong'])
  t.same([participant.joining, rooms.joinsInFlight, participant.seats.size], [false, 0, 0])
})

t.test('A second join among the frames that wait holds back those behind it once more', async t => {
  const { say, asked, idle, heard } = setUp()
  say(JOIN, { command: 'join', streamId: 'other' }, { command: 'ping' })
  asked[0]?.answer({})
  await promisesDone()
  t.equal(asked.length, 2)
  t.same(heard, ['joined room', '(joined)'])
  asked[1]?.answer({ refused: 'unauthorized_access' })
  await idle()
  t.same(heard.slice(2), ['error unauthorized_access other', 'pong'])
})

t.test('A frame that is refused is refused in its turn, and counts for the seat that it was meant for', async t => {
  const { say, asked, idle, heard, participant } = setUp()
  say(JOIN)
  participant.refuseFrame(Buffer.from(JSON.stringify(CANDIDATE)), { refused: 'rateExceeded' })
  t.same(heard, [])
  asked[0]?.answer({})
  await idle()
  t.same(heard, ['joined room', '(joined)', 'error rateExceeded room'])
  t.equal(participant.seats.in('room')?.handled, 1)
})

t.test('One frame too many behind a command ends the connection, and none of those that waited takes effect', async t => {
  const { say, asked, idle, heard, closes, participant, rooms } = setUp({ waitingFrames: 2 })
  say(JOIN, { command: 'join', streamId: 'other' }, { command: 'ping' }, { command: 'ping' })
  t.same([heard, closes], [['error rateExceeded'], ['policy']])
  asked[0]?.answer({})
  await idle()
  t.same([heard, participant.seats.size, rooms.apps(), rooms.joinsInFlight], [['error rateExceeded'], 0, [], 0])
  t.equal(asked.length, 1, 'the application is not asked about the second join')
})

t.test('Who is gone when the application has decided takes no seat', async t => {
  const { say, asked, idle, heard, link, participant, rooms } = setUp()
  say(JOIN)
  link.open = false
  participant.lost(true)
  asked[0]?.answer({})
  await idle()
  t.same([heard, rooms.apps()], [[], []])
})

t.test('Who goes while it waits for a full room leaves the queue of that room at once', async t => {
  const { say, idle, link, participant, rooms } = setUp({ atOnce: true })
  for (const id of ['one', 'two']) {
    const sitter = setUp().link
    const ports = { iceServersNeedSeat: false, authorize: () => ({}), joined: () => {} } as unknown as ParticipantPorts
    const limits = { rooms: 1, roomsPerConnection: 1, waitingFrames: 1 }
    new Participant('app', rooms, { ...sitter, id, probe: () => {} }, ports, limits).handle(Buffer.from(JSON.stringify(JOIN)))
  }
  say(JOIN)
  t.equal(rooms.find('app', 'room')?.waiting, 1)
  link.open = false
  participant.lost(false)
  t.equal(rooms.find('app', 'room')?.waiting, 0)
  rooms.events.on('refused', () => t.fail('nobody is there to be refused'))
  await idle()
  t.same([rooms.joinsInFlight, participant.seats.size], [0, 0])
})

t.test('A drain answers the join that is in flight by its room, and tells everybody when to come back', async t => {
  const { say, asked, idle, heard, link, participant } = setUp()
  say(JOIN)
  participant.drain(1_000)
  t.same(heard, ['error serverDraining room', 'server_will_stop'])
  link.close('goingAway')
  asked[0]?.answer({})
  await idle()
  t.equal(heard.length, 2, 'and nothing after that')
})

t.test('A command that fails is told to the log and to the peer, and ends the connection', async t => {
  const { say, asked, idle, heard, closes, failures } = setUp()
  say(JOIN, { command: 'ping' })
  const fault = new Error('a fault')
  asked[0]?.fail(fault)
  await idle()
  t.same([heard, closes, failures], [['error internalError'], ['fault'], [fault]])
})

t.test('Who asked for ICE servers before it had a seat, and was told of fewer, is told again once it has one', async t => {
  for (const iceServersNeedSeat of [true, false]) {
    const { say, heard, seatsAskedFor, participant } = setUp({ atOnce: true, iceServersNeedSeat })
    say({ command: 'getIceServerConfig' }, JOIN, { command: 'join', streamId: 'other' })
    const again = iceServersNeedSeat ? ['iceServerConfig'] : []
    t.same(heard, ['iceServerConfig', 'joined room', '(joined)', ...again, 'joined other', '(joined)'])
    t.same(seatsAskedFor, [undefined, ...iceServersNeedSeat ? [participant.seats.first?.id] : []])
  }
})

t.test('A join of one room too many is refused before the application is asked; a room that it sits in is not one too many', async t => {
  const { say, heard } = setUp({ atOnce: true, roomsPerConnection: 1 })
  say(JOIN, { command: 'join', streamId: 'other' }, JOIN)
  t.same(heard, ['joined room', '(joined)', 'error tooManyRooms other', 'joined room', '(joined)'])
})

t.test('The seats of a peer say since when there is none', async t => {
  const { clock, say, participant } = setUp({ atOnce: true })
  t.equal(participant.seats.emptySince, 0)
  clock.advance(500)
  say(JOIN)
  t.equal(participant.seats.emptySince, Infinity)
  clock.advance(500)
  say({ command: 'leave' })
  t.equal(participant.seats.emptySince, 1_000)
})
