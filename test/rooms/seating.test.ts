import t from 'tap'
import { Absence } from '../../lib/rooms/absence.js'
import type { JoinRequest } from '../../lib/rooms/join-request.js'
import { HeldSeats } from '../../lib/rooms/held-seats.js'
import { Room } from '../../lib/rooms/room.js'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import { Seat, type SeatHolder } from '../../lib/rooms/seat.js'
import { SeatRow } from '../../lib/rooms/seat-row.js'
import { MemorySeating, type SeatDecision } from '../../lib/rooms/seating.js'
import { FakeLink } from '../helpers/fakes/fake-link.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// Who gets which seat, decided apart from what is done then: a decision is plain data, and names seats by their ids.

const RULES = { window: 20_000, hold: true, messages: 10, bytes: 10_000 }
const clock = new TestClock()
const rooms = new RoomRegistry(RULES, clock)

function holder (): SeatHolder {
  return new HeldSeats(new FakeLink({ rooms, clock, probeTimeout: 1_000 }), clock)
}

/** The two peers of a room, the second of which is present or absent; and the token and claim of that one. */
function roomOfTwo ({ secondIsAbsent }: { secondIsAbsent: boolean }): { row: SeatRow, seats: [Seat, Seat], holders: [SeatHolder, SeatHolder], token: string } {
  const row = new SeatRow()
  const holders: [SeatHolder, SeatHolder] = [holder(), holder()]
  const room = {} as unknown as Room
  const seats: [Seat, Seat] = [new Seat(room, holders[0], false, {}, RULES), new Seat(room, holders[1], true, {}, RULES)]
  row.seats = seats
  const token = seats[1].proof?.issueToken(seats[1].id) ?? ''
  seats[1].proof?.setClaim('the claim of the second')
  if (secondIsAbsent) seats[1].detach(new Absence(clock, RULES.window, () => {}))
  return { row, seats, holders, token }
}

type World = ReturnType<typeof roomOfTwo>

interface Case {
  joiner: string
  asks: (world: World) => Partial<JoinRequest>
  /** The second peer is absent. */
  absent?: boolean
  /** Others wait for a seat. */
  queued?: boolean
  hold?: boolean
  gets: (world: World) => SeatDecision
}

const ask = (): SeatDecision => ({ act: 'ask' })
const sit = (): SeatDecision => ({ act: 'sit' })

const CASES: Case[] = [
  { joiner: 'a stranger to a full room', asks: () => ({}), gets: ask },
  { joiner: 'a stranger whose capacity makes room', asks: () => ({ capacity: 3 }), gets: sit },
  { joiner: 'the same, behind others that wait', asks: () => ({ capacity: 3 }), queued: true, gets: ask },
  { joiner: 'a stranger where one is absent and the seat is held', asks: () => ({}), absent: true, gets: ask },
  { joiner: 'a stranger where one is absent and the seat is not held', asks: () => ({}), absent: true, hold: false, gets: ({ seats }) => ({ act: 'replace', seat: seats[1].id }) },
  { joiner: 'a stranger whose capacity is too small for that', asks: () => ({ capacity: 1 }), absent: true, hold: false, gets: ask },
  { joiner: 'an absent peer with its token', asks: ({ token }) => ({ resumeToken: token }), absent: true, gets: ({ seats }) => ({ act: 'resume', seat: seats[1].id }) },
  { joiner: 'the same, behind others that wait', asks: ({ token }) => ({ resumeToken: token }), absent: true, queued: true, gets: ({ seats }) => ({ act: 'resume', seat: seats[1].id }) },
  { joiner: 'an absent peer with its claim', asks: () => ({ claim: 'the claim of the second' }), absent: true, gets: ({ seats }) => ({ act: 'resume', seat: seats[1].id }) },
  { joiner: 'a present peer with its token, on another connection', asks: ({ token }) => ({ resumeToken: token }), gets: ({ seats }) => ({ act: 'resume', seat: seats[1].id }) },
  { joiner: 'a peer that sits there, on the same connection', asks: ({ holders }) => ({ holder: holders[0] }), gets: ({ seats }) => ({ act: 'rejoin', seat: seats[0].id }) },
  { joiner: 'the same with the token of the other seat', asks: ({ holders, token }) => ({ holder: holders[0], resumeToken: token }), gets: ({ seats }) => ({ act: 'rejoin', seat: seats[0].id }) },
  { joiner: 'a stranger with a token that is wrong', asks: ({ token }) => ({ resumeToken: token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A') }), absent: true, gets: ask },
  { joiner: 'a stranger with a wrong claim', asks: () => ({ claim: 'the claim of the first' }), absent: true, gets: ask }
]

for (const { joiner, asks, absent = false, queued = false, hold = true, gets } of CASES) {
  const world = roomOfTwo({ secondIsAbsent: absent })
  const expected = gets(world)
  t.test(`${joiner}${joiner === 'the same, behind others that wait' ? ` (${expected.act})` : ''}: ${expected.act}`, async t => {
    const request = { holder: holder(), resume: true, profile: {}, ...asks(world) }
    const decision = new MemorySeating(world.row, hold).decide(request, queued)
    t.same(decision, expected)
    t.same(JSON.parse(JSON.stringify(decision)), expected, 'it can be told to another process')
  })
}

t.test('in an empty room there is a seat, whoever asks', async t => {
  t.same(new MemorySeating(new SeatRow(), true).decide({ holder: holder(), resume: true, profile: {}, resumeToken: 'no.token' }, false), { act: 'sit' })
})

t.test('of two that meet, exactly one is polite, in whatever order peers come and go', async t => {
  const registry = new RoomRegistry(RULES, clock)
  const link = (): FakeLink => new FakeLink({ rooms: registry, clock, probeTimeout: 1_000 })
  let here = [link(), link()]
  for (const one of here) one.say({ command: 'join', streamId: 'room', resume: false })
  for (const leaver of [0, 1, 0, 0, 1, 1, 0]) {
    const told = registry.find('app', 'room')?.seats.map(seat => seat.toldPolite) ?? []
    t.same([...told].sort(), [false, true])
    here[leaver]?.say({ command: 'leave', streamId: 'room' })
    const next = link()
    next.say({ command: 'join', streamId: 'room', resume: false })
    here = [...here.filter((_, index) => index !== leaver), next]
  }
})
