import t from 'tap'
import { Arena } from '../helpers/attack/arena.js'
import { table } from '../helpers/attack/table.js'

// Too much of everything. All limits are the defaults.

t.setTimeout(240_000)

/** How long ws itself waits for the answer to a close frame, ms, less what a busy machine may be late. */
const CLOSE_TIMEOUT_OF_WS = 25_000

t.test('A server with its defaults, under floods', async t => {
  const arena = await Arena.open(t)
  await table(t, arena, [
    {
      says: 'A flood of frames gets its burst answered, then 51 errors, then close 1008, and is cut off two seconds later where it goes on',
      attack: 'frames',
      memory: 60,
      cpu: 8_000,
      fared: (t, outcome) => {
        t.equal(outcome['closed 1008'], 20)
        t.equal(outcome.rateExceeded, 20 * 51)
        t.ok((outcome.pong ?? 0) >= 20 * 500)
        t.ok((outcome.pong ?? 0) < 20 * (500 + 100 * (outcome['longest ms'] ?? 0) / 1000), 'no more than the rate')
        t.ok((outcome['longest ms to cut off'] ?? Infinity) < CLOSE_TIMEOUT_OF_WS)
      }
    },
    {
      says: 'A flood of messages to relay reaches the other peer at the rate that is allowed, and no faster',
      attack: 'relays',
      memory: 80,
      cpu: 6_000,
      fared: (t, outcome) => {
        t.equal(outcome['closed 1008'], 10)
        t.ok((outcome.relayed ?? 0) < 10 * (500 + 100 * (outcome['longest ms'] ?? 0) / 1000))
      }
    },
    {
      says: 'A flood of pings or pongs counts like one of messages; one whose answers are not read is cut off at once',
      attack: 'pings',
      memory: 60,
      cpu: 8_000,
      fared: (t, outcome) => {
        t.equal((outcome['closed 1006'] ?? 0) + (outcome['closed 1008'] ?? 0), 20)
        t.ok((outcome['longest ms to cut off'] ?? Infinity) < CLOSE_TIMEOUT_OF_WS)
      }
    },
    {
      says: 'One address joins 600 times in a minute, and not once more',
      attack: 'joins',
      memory: 40,
      cpu: 3_000,
      fared: (t, outcome) => {
        t.equal(outcome.joined, 600)
        t.equal(outcome.rateExceeded, 1_400)
      }
    },
    {
      says: 'One address holds 500 connections; every other handshake is refused with 429',
      attack: 'connections',
      memory: 100,
      cpu: 8_000,
      fared: (t, outcome) => {
        t.equal(outcome.joined, 500)
        // One that has not said yet that it joins may give way to the next.
        t.ok((outcome[429] ?? 0) > 900)
        t.equal((outcome[101] ?? 0) + (outcome[429] ?? 0), 1_500)
      }
    },
    {
      says: 'Of 1,500 connections of one address that join nothing 500 are held: each newcomer gets in, and the oldest gives way',
      attack: 'strays',
      memory: 100,
      cpu: 8_000,
      fared: (t, outcome) => t.same(outcome, { 101: 1_500 })
    },
    {
      says: 'Upgrades from pages of other hosts are refused with 403, each of them',
      attack: 'origins',
      memory: 60,
      cpu: 8_000,
      fared: (t, outcome) => t.equal(outcome[403], 3_000)
    },
    {
      says: '100,000 rooms, made and left, leave nothing behind',
      attack: 'names',
      memory: 100,
      cpu: 20_000,
      fared: (t, outcome) => {
        t.equal(outcome.joined, 100_000)
        t.equal(outcome.leaved, 100_000)
      }
    },
    {
      says: 'Of 100,000 rooms that somebody wants to hold there are 10,000, and ten on a connection',
      attack: 'rooms',
      memory: 150,
      cpu: 12_000,
      fared: (t, outcome) => {
        t.equal(outcome.joined, 9_999, 'one room is the call\'s')
        t.equal((outcome.tooManyRooms ?? 0) + (outcome.rateExceeded ?? 0), 1_200 * 84 - 9_999)
      }
    }
  ])
})
