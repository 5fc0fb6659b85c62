import t from 'tap'
import { Arena } from '../helpers/attack/arena.js'
import { table } from '../helpers/attack/table.js'

// Who does not answer, does not read, does not end. All limits are the defaults; the clock is moved instead.

t.setTimeout(240_000)

/** How long ws itself waits for the answer to a close frame, ms, less what a busy machine may be late. */
const CLOSE_TIMEOUT_OF_WS = 25_000

t.test('A server whose host gives handshakes little time', async t => {
  const arena = await Arena.open(t, { headersTimeout: 1_500 })
  await table(t, arena, [
    {
      says: 'Handshakes that come byte by byte are answered 408 when the host\'s headersTimeout is over',
      attack: 'slowHandshakes',
      memory: 60,
      cpu: 4_000,
      fared: (t, outcome) => {
        // A byte that crosses the answer resets the connection, and TCP then discards what was not read yet (RFC 1122 section 4.2.2.13).
        t.equal((outcome[408] ?? 0) + (outcome['cut off'] ?? 0), 500, 'all of them are at an end')
        t.ok((outcome[408] ?? 0) > 0, 'and told why')
      }
    }
  ])
})

t.test('A server with its defaults, and clients that do not do their part', async t => {
  const arena = await Arena.open(t)
  await table(t, arena, [
    {
      says: 'Sitters that are never heard of again are cut off 36 s after they were last heard',
      attack: 'halfOpen',
      memory: 60,
      cpu: 4_000,
      fared: (t, outcome) => t.equal(outcome['cut off'], 300)
    },
    {
      says: 'Clients that join nothing are closed with 1013 after ten minutes',
      attack: 'idle',
      memory: 60,
      cpu: 4_000,
      fared: (t, outcome) => t.equal(outcome['closed 1013'], 300)
    },
    {
      says: 'A close frame that is not answered, or a socket that stays open behind one, is cut off within seconds',
      attack: 'closing',
      memory: 60,
      cpu: 4_000,
      fared: (t, outcome) => {
        t.equal(outcome['closed 1007'], 100)
        t.equal(outcome['closed 1000'], 100)
        t.ok((outcome['longest ms to cut off'] ?? Infinity) < CLOSE_TIMEOUT_OF_WS)
      }
    },
    {
      says: 'A peer that does not read is cut off when 1 MiB waits for it, and each of its rooms is told',
      attack: 'deaf',
      memory: 60,
      cpu: 4_000,
      fared: (t, outcome) => {
        t.equal(outcome['told that it is gone'], 10)
        t.ok((outcome['KiB kept'] ?? Infinity) <= 1_024 + 64)
      }
    },
    {
      says: 'One that asks for errors and does not read them is cut off when 1 MiB waits for it',
      attack: 'unreadErrors',
      memory: 60,
      cpu: 6_000,
      fared: (t, outcome) => {
        t.equal(outcome['cut off'], 1)
        t.ok((outcome['KiB kept'] ?? Infinity) <= 1_024 + 64)
      }
    },
    {
      says: 'One that asks for pongs and does not read them is cut off before 1 MiB waits for it',
      attack: 'unreadPongs',
      memory: 60,
      cpu: 6_000,
      fared: (t, outcome) => {
        t.equal(outcome['cut off'], 1)
        t.ok((outcome['KiB kept'] ?? Infinity) <= 1_024)
      }
    },
    {
      says: 'Of 2,000 who want the seats of the dead few wait, the others hear at once that the room is full, and whoever wants another room gets it',
      attack: 'waiting',
      memory: 100,
      cpu: 8_000,
      fared: (t, outcome) => {
        t.equal(outcome.joined, 4, 'two for each room, of those who waited')
        t.ok((outcome.NoSpaceForNewPeer ?? 0) >= 2_000 - 2 * 16 - 4, 'whoever did not wait has an answer')
        t.equal(outcome.rateExceeded, undefined, 'nobody has used up what all share')
        t.equal(outcome['newcomer seated'], 1)
      }
    }
  ])
})

t.test('A server that keeps what it sends, for peers that never say that it has come', async t => {
  // So that those who are away at the end are gone soon; how much is kept does not hang on it.
  const arena = await Arena.open(t, { plugin: { resume: { window: 3_000 } } })
  await table(t, arena, [
    {
      says: 'What is kept for the peers of one address that do not answer, or lose their sockets, stays within its bound',
      attack: 'replayLogs',
      // The messages of one turn of the attackers, beside the bound; without it some 96 MB of messages alone.
      memory: 75,
      cpu: 15_000,
      fared: (t, outcome) => {
        t.ok((outcome['KiB kept'] ?? Infinity) <= 16_384, `${outcome['KiB kept']} KiB kept`)
        t.ok((outcome['KiB kept'] ?? 0) > 12_000, 'and it was reached')
        t.ok((outcome['KiB sent to be kept'] ?? 0) > 90_000)
      }
    }
  ])
})
