import t from 'tap'
import { Absence } from '../../lib/rooms/absence.js'
import type { ClientKind } from '../../lib/rooms/client-kind.js'
import { HeldSeats } from '../../lib/rooms/held-seats.js'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import { Seat, type SeatRoom } from '../../lib/rooms/seat.js'
import { SeatRow } from '../../lib/rooms/seat-row.js'
import { FakeLink } from '../helpers/fakes/fake-link.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// The seats of one room by themselves: who hears what, whose window ends first, and what proves a seat.

const RULES = { window: 20_000, hold: true, messages: 1, bytes: 10_000 }
const START = JSON.stringify({ command: 'start', streamId: 'room' })

/** A row of three peers, with what each was sent, and which of them the room was told to give up. */
function threePeers (kinds: [ClientKind, ClientKind, ClientKind] = ['other', 'other', 'other']) {
  const clock = new TestClock()
  const rooms = new RoomRegistry(RULES, clock)
  const row = new SeatRow()
  const heard: number[] = []
  const givenUp: Seat[] = []
  const room = { app: 'app', name: 'room', giveUp: (seat: Seat) => { givenUp.push(seat) } } as unknown as SeatRoom
  const seats = kinds.map((kind, index) => {
    const link = new FakeLink({ rooms, clock, probeTimeout: 1_000, sent: () => { heard.push(index) } })
    const seat = new Seat(room, new HeldSeats(link, clock), false, {}, RULES, undefined, kind)
    row.add(seat)
    return seat
  }) as [Seat, Seat, Seat]
  const lose = (seat: Seat, window = RULES.window): void => { seat.detach(new Absence(clock, window, () => {})) }
  return { clock, row, seats, heard, givenUp, lose }
}

t.test('The next window to end is the shortest of those that run, in whole milliseconds, and never less than none', async t => {
  const { clock, row, seats: [first, second, third], lose } = threePeers()
  t.equal(row.nextExpiry(clock.lived()), undefined, 'where nobody is absent')
  lose(first, 500)
  t.equal(row.nextExpiry(clock.lived()), 500)
  lose(second, 300.25)
  t.equal(row.nextExpiry(clock.lived()), 301, 'the second of two')
  lose(third, 400)
  t.equal(row.nextExpiry(clock.lived() + 100), 201, 'and neither the first nor the last')
  t.equal(row.nextExpiry(clock.lived() + 1_000), 0, 'a window that is over')
})

t.test('What is said to the others goes to all but the one that it is about, and to those alone whom it does not end where it must be harmless', async t => {
  const { row, seats: [first, , third], heard } = threePeers(['android', 'ios', 'other'])
  row.toOthers(first, START)
  t.same(heard.splice(0).sort(), [1, 2])
  row.toOthers(third, START)
  t.same(heard.splice(0).sort(), [0, 1])
  row.notifyOthers(first, START)
  t.same(heard.splice(0).sort(), [1, 2])
  row.notifyOthers(first, START, true)
  t.same(heard.splice(0), [2])
})

t.test('An absent peer that may be sent nothing more is given up, and the others hear all the same', async t => {
  const { row, seats: [first, second], heard, givenUp, lose } = threePeers()
  lose(second)
  row.toOthers(first, START)
  t.same(givenUp, [], 'one message may be kept')
  row.toOthers(first, START)
  t.same(givenUp, [second])
  t.same(heard, [2, 2])
})

t.test('A seat is proven by its token or by its claim, and by neither where a joiner brings none', async t => {
  const { row, seats: [first, second] } = threePeers()
  const token = first.proof?.issueToken(first.id) ?? ''
  second.proof?.setClaim('a claim')
  t.equal(row.ownedBy({}), undefined)
  t.equal(row.ownedBy({ resumeToken: 'no token' }), undefined)
  t.equal(row.ownedBy({ resumeToken: token }), first)
  t.equal(row.ownedBy({ resumeToken: `${second.id}.${token.split('.')[1]}` }), undefined, 'the secret of another seat')
  t.equal(row.ownedBy({ claim: 'another claim' }), undefined)
  t.equal(row.ownedBy({ claim: 'a claim' }), second)
  t.equal(row.ownedBy({ resumeToken: 'no token', claim: 'a claim' }), second)
})

t.test('A seat is taken out once, and a loop over the seats of before still sees it', async t => {
  const { row, seats: [first, second, third] } = threePeers()
  const { seats: before } = row
  t.equal(row.remove(second), true)
  t.equal(row.remove(second), false)
  t.same(row.seats.map(({ id }) => id), [first.id, third.id])
  t.same(before.map(({ id }) => id), [first.id, second.id, third.id])
  t.equal(row.find(second.id), undefined)
  t.equal(row.remove(first), true)
  t.equal(row.remove(third), true)
  t.equal(row.remove(third), false)
  t.same(row.seats, [])
})
