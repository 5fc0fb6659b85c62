import fc from 'fast-check'
import t from 'tap'
import { MESSAGE_COST, ReplayBudget, Share } from '../../lib/rooms/replay-budget.js'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import type { SeatRules } from '../../lib/rooms/room-context.js'
import { FakeLink } from '../helpers/fakes/fake-link.js'
import { host } from '../helpers/host.js'
import { describe } from '../helpers/describe.js'
import { promisesDone } from '../helpers/fakes/pending.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// What is kept for peers that may come back is bounded for each address and in all, and not only for each seat.

const DATA = 1_000
/** What one message of this test costs, within a few bytes. */
const COST = DATA + MESSAGE_COST + 100

interface World {
  clock: TestClock
  rooms: RoomRegistry
  /** Two in a room of their own, of whom the second can come back; what it is sent comes from `say`. */
  call: (room: string, address: string) => Call
}

interface Call { first: FakeLink, second: FakeLink, say: (count?: number) => void, token: () => string, heard: (link: FakeLink) => string[] }

function world (bounds: Partial<SeatRules>): World {
  const clock = new TestClock()
  const rooms = new RoomRegistry({ window: 20_000, hold: true, messages: 256, bytes: 262_144, ...bounds }, clock)
  return {
    clock,
    rooms,
    call: (room, key) => {
      const [first, second] = [new FakeLink({ rooms, clock, probeTimeout: 2_000, key: 'elsewhere' }), new FakeLink({ rooms, clock, probeTimeout: 2_000, key })] as const
      first.say({ command: 'join', streamId: room })
      second.say({ command: 'join', streamId: room, resume: true })
      let token = ''
      second.read(Infinity, message => { if ('resumeToken' in message) token = String(message.resumeToken) }, () => {})
      first.read(Infinity, () => {}, () => {})
      return {
        first,
        second,
        token: () => token,
        say: (count = 1) => {
          for (let n = 0; n < count; n++) first.say({ command: 'peerMessageCommand', streamId: room, definition: 'chat', data: 'x'.repeat(DATA) })
        },
        heard: link => {
          const heard: string[] = []
          link.read(Infinity, message => heard.push(describe(message)), () => {})
          return heard
        }
      }
    }
  }
}

t.test('an address that keeps more than its part loses the seat of the peer that has been away the longest, and that one alone', async t => {
  const { rooms, call } = world({ bytesPerAddress: 10 * COST })
  const calls = [1, 2, 3].map(n => call(`room${n}`, 'here'))
  for (const { second } of calls) second.lose(false)
  const other = call('elsewhere', 'there')
  other.second.lose(false)
  other.say(9)
  for (const each of calls) each.say(3)
  await promisesDone()
  t.same(calls.map(each => each.heard(each.first)), [[], [], []], 'what is within the bound costs nobody anything')
  calls[2]?.say(2)
  await promisesDone()
  t.same(calls.map(({ first, heard }) => heard(first).map(what => what.split(' ')[0])), [['stop', 'peerLeft'], [], []])
  t.same([1, 2, 3].map(n => rooms.find('app', `room${n}`)?.seats.length), [1, 2, 2])
  t.equal(rooms.find('app', 'elsewhere')?.seats.length, 2, 'what another address keeps is its own')
})

t.test('the logs of present peers are emptied before an absent one loses its seat; they only lose the chance of a whole replay', async t => {
  const { rooms, clock, call } = world({ bytesPerAddress: 10 * COST })
  const away = call('away', 'here')
  away.second.lose(false)
  away.say(4)
  const there = call('there', 'here')
  there.say(7)
  await promisesDone()
  t.equal(rooms.find('app', 'away')?.seats.length, 2)
  t.ok(rooms.replayBytes <= 4 * COST)
  t.equal(there.heard(there.second).length, 7, 'it got everything all the same')
  const returning = (token: string, room: string, received: number) => {
    const link = new FakeLink({ rooms, clock, probeTimeout: 2_000, key: 'here' })
    link.say({ command: 'join', streamId: room, resume: true, resumeToken: token, received })
    return link
  }
  there.second.lose(false)
  there.say(2)
  const back = returning(there.token(), 'there', 7)
  t.match(there.heard(back), [/^joined there .* 0$/, /^relay/, /^relay/], 'who has got what was forgotten resumes')
  back.lose(false)
  t.match(away.heard(returning(away.token(), 'away', 0))[0], /^joined away .* 0$/, 'and so does the absent one')
})

t.test('where all hold too much together, an address above the average makes room before the others', async t => {
  const { rooms, call } = world({ totalBytes: 12 * COST })
  const honest = call('honest', 'small')
  honest.second.lose(false)
  honest.say(1)
  const greedy = [1, 2, 3].map(n => call(`greedy${n}`, 'large'))
  for (const { second, say } of greedy) {
    second.lose(false)
    say(5)
    await promisesDone()
  }
  t.ok(rooms.replayBytes <= 12 * COST)
  t.equal(rooms.find('app', 'honest')?.seats.length, 2)
  t.same([1, 2, 3].map(n => rooms.find('app', `greedy${n}`)?.seats.length), [1, 2, 2])
})

t.test('nothing is counted any more of who left, was put out, lost its window or resumed elsewhere', async t => {
  const ends: Record<string, (world: World, call: Call) => void> = {
    left: (_world, { second }) => second.say({ command: 'leave' }),
    'closed cleanly': (_world, { second }) => second.lose(true),
    'put out': ({ rooms }) => rooms.find('app', 'room')?.close('closed'),
    'window over': ({ clock }, { second }) => {
      second.lose(false)
      clock.advance(20_001)
    },
    drained: ({ rooms }) => rooms.drain(),
    'resumed elsewhere and left': ({ rooms, clock }, call) => {
      const link = new FakeLink({ rooms, clock, probeTimeout: 2_000, key: 'elsewhere still' })
      link.say({ command: 'join', streamId: 'room', resume: true, resumeToken: call.token(), received: 0 })
      call.say(1)
      link.say({ command: 'leave' })
    }
  }
  for (const [name, end] of Object.entries(ends)) {
    const here = world({})
    const call = here.call('room', 'here')
    call.say(5)
    t.ok(here.rooms.replayBytes > 5 * DATA, name)
    end(here, call)
    t.equal(here.rooms.replayBytes, 0, name)
  }
})

t.test('however seats come, go and are filled, what is counted is what is held, and the bounds hold at the end of each turn', async () => {
  const keys = ['a', 'b', 'c']
  const step = fc.record({ seat: fc.nat(5), what: fc.constantFrom('fill', 'fill', 'confirm', 'detach', 'attach'), bytes: fc.integer({ min: 1, max: 400 }), key: fc.constantFrom(...keys) })
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 80 }), async steps => {
    const budget = new ReplayBudget({ totalBytes: 1_000, bytesPerAddress: 500 })
    const held = Array.from({ length: 6 }, (_, index) => {
      const seat = { bytes: 0, absent: false, over: false, key: keys[index % 3] as string, share: null as unknown as Share }
      const empty = () => {
        const { bytes } = seat
        seat.bytes = 0
        if (bytes > 0) seat.share.add(-bytes)
      }
      seat.share = new Share(budget, {
        forget: empty,
        giveUp: () => {
          seat.over = true
          empty()
        }
      }, seat.key)
      return { seat, empty }
    })
    for (const { seat: which, what, bytes, key } of steps) {
      const each = held[which]
      if (each === undefined || each.seat.over) continue
      const { seat, empty } = each
      if (what === 'fill') {
        seat.bytes += bytes
        seat.share.add(bytes)
      } else if (what === 'confirm') {
        empty()
      } else if (what === 'detach' && !seat.absent) {
        seat.absent = true
        seat.share.detach()
      } else if (what === 'attach') {
        seat.absent = false
        seat.key = key
        seat.share.attach(key)
      }
      await undefined
      const sum = (of: string[]) => held.reduce((total, { seat }) => total + (of.includes(seat.key) ? seat.bytes : 0), 0)
      if (budget.bytes !== sum(keys) || sum(keys) > 1_000) return false
      if (keys.some(each => sum([each]) > 500)) return false
      if (budget.addresses !== keys.filter(each => sum([each]) > 0).length) return false
    }
    return true
  }))
})

t.test('the bounds are options, and what is held in all is shown by dump()', async t => {
  const { app, connect } = await host(t, { resume: { bytesPerAddress: 4_000 } })
  const [first, second] = [await connect(), await connect()]
  await first.join('room')
  await second.join('room', { resume: true })
  first.send({ command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data: 'x'.repeat(DATA) })
  await second.hears('peerMessageCommand')
  const { replayBytes } = await app.rooms.dump()
  t.ok(replayBytes > DATA && replayBytes < 4_000, String(replayBytes))
  const absent = new Promise(resolve => app.rooms.once('absent', resolve))
  second.socket.terminate()
  await absent
  const left = new Promise(resolve => app.rooms.once('left', resolve))
  for (let n = 0; n < 3; n++) first.send({ command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data: 'x'.repeat(DATA) })
  t.match(await left, { reason: 'lost' })
  await first.hears('stop')
  t.equal((await app.rooms.dump()).replayBytes, 0)
})
