import t from 'tap'
import { Arena } from '../helpers/attack/arena.js'
import { table } from '../helpers/attack/table.js'

// What is in the frames. All limits are the defaults.

t.setTimeout(240_000)

t.test('A server with its defaults, and frames made to hurt', async t => {
  const arena = await Arena.open(t)
  await table(t, arena, [
    {
      says: 'A frame above 64 KiB ends in 1009, and one above 128 KiB, or that says it is, before it has come',
      attack: 'huge',
      memory: 100,
      cpu: 5_000,
      fared: (t, outcome) => {
        t.equal(outcome['closed 1009'], 300)
        t.equal(outcome.tooLarge, 100)
      }
    },
    {
      says: 'A message in more than 256 fragments ends in 1008, one of more than 128 KiB in 1009',
      attack: 'fragments',
      memory: 100,
      cpu: 8_000,
      fared: (t, outcome) => {
        t.equal(outcome['closed 1008'], 100)
        t.equal(outcome['closed 1009'], 50)
      }
    },
    {
      says: 'Messages that never end hold no more than 128 KiB for each connection that an address may have',
      attack: 'unfinished',
      memory: 200,
      cpu: 5_000,
      fared: (t, outcome) => t.equal(outcome.held, 500)
    },
    {
      says: 'The first frame that is no UTF-8 ends in 1007',
      attack: 'garbage',
      memory: 60,
      cpu: 8_000,
      fared: (t, outcome) => t.equal(outcome['closed 1007'], 2_000)
    },
    {
      says: '64 KiB of JSON that is slow to parse take no more than milliseconds each',
      attack: 'slowJson',
      memory: 60,
      cpu: 3_000,
      fared: (t, outcome, { cpu }) => {
        t.equal(outcome.relayed, 40)
        t.equal(outcome.invalidField, 200)
        t.ok(cpu / 240 < 10, `${cpu / 240} ms of CPU for each of 240 frames`)
      }
    },
    {
      says: 'No prototype is polluted, whatever is named like one, and what is relayed stays as it was',
      attack: 'pollution',
      memory: 40,
      cpu: 4_000,
      fared: (t, outcome) => t.equal(outcome['relayed untouched'], 50)
    },
    {
      says: 'Our own server does not negotiate compression, and a compressed frame ends in 1002',
      attack: 'large',
      memory: 40,
      cpu: 3_000,
      fared: (t, outcome) => {
        t.equal(outcome['not negotiated'], 100)
        t.equal(outcome['closed 1002'], 100)
      }
    }
  ])
})

t.test('A host\'s own WebSocket server that compresses, and takes 64 MiB', async t => {
  const arena = await Arena.open(t, { compressing: true })
  await table(t, arena, [
    {
      says: 'Its options do not reach our routes: compression is not negotiated, and a compressed frame ends in 1002',
      attack: 'large',
      memory: 40,
      cpu: 3_000,
      fared: (t, outcome) => {
        t.equal(outcome['not negotiated'], 100)
        t.equal(outcome['closed 1002'], 100)
      }
    }
  ])
})
