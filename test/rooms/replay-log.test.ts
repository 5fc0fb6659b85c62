import t from 'tap'
import { MESSAGE_COST, type Share } from '../../lib/rooms/replay-budget.js'
import { ReplayLog } from '../../lib/rooms/replay-log.js'

// What is kept for one peer that may come back: numbers, bounds, and what is counted of it.

const texts = (frames: Array<string | Buffer> | null): string[] | null => frames?.map(String) ?? null

/** A log of at most three messages of ten bytes together, and what its share of the budget is told. */
function setUp () {
  const counted = { sum: 0 }
  const log = new ReplayLog({ messages: 3, bytes: 10 }, { add: (bytes: number) => { counted.sum += bytes } } as Share)
  return { log, counted }
}

t.test('A log gives back what it holds from any number that it knows, and nothing from one that it does not', async t => {
  const { log } = setUp()
  t.same(texts(log.from(0)), [])
  t.equal(log.from(1), null)
  for (const text of ['a', 'b', 'c']) t.equal(log.push(text, Infinity), true)
  t.same([log.end, log.length, log.bytes], [3, 3, 3])
  t.same(texts(log.from(0)), ['a', 'b', 'c'])
  t.same(texts(log.from(2)), ['c'])
  t.same(texts(log.from(3)), [])
  t.equal(log.from(4), null, 'what was never sent')
  log.confirm(1)
  t.equal(log.from(0), null, 'what has arrived')
  t.same(texts(log.from(1)), ['b', 'c'])
  t.same([log.end, log.length, log.bytes], [3, 2, 2])
})

t.test('Of a present peer the oldest messages are dropped as soon as there are too many, or too many bytes, and not before', async t => {
  const { log } = setUp()
  for (const text of ['a', 'b', 'c']) log.push(text, Infinity)
  t.same(texts(log.from(0)), ['a', 'b', 'c'], 'as many as there may be')
  t.equal(log.push('d', Infinity), true)
  t.equal(log.from(0), null)
  t.same(texts(log.from(1)), ['b', 'c', 'd'])
  t.equal(log.push('12345678', Infinity), true)
  t.same(texts(log.from(2)), ['c', 'd', '12345678'], 'as many bytes as there may be')
  t.equal(log.push('12', Infinity), true)
  t.same(texts(log.from(4)), ['12345678', '12'], 'for which two had to go')
  t.equal(log.from(3), null)
})

t.test('Of an absent peer nothing is dropped that found it absent: a message too many is told instead', async t => {
  const { log } = setUp()
  log.push('before', Infinity)
  const gone = log.end
  t.equal(log.push('a', gone), true)
  t.equal(log.push('bcdefghij', gone), true, 'what was sent before may go')
  t.same(texts(log.from(gone)), ['a', 'bcdefghij'])
  t.equal(log.from(0), null)
  t.equal(log.push('k', gone), false)
  t.same(texts(log.from(gone)), ['a', 'bcdefghij', 'k'], 'nothing of it is lost by that')
})

t.test('A message that is larger than all that may be kept leaves nothing behind of a present peer', async t => {
  const { log, counted } = setUp()
  log.push('a', Infinity)
  t.equal(log.push('more than ten', Infinity), true)
  t.same([log.end, log.length, log.bytes, counted.sum], [2, 0, 0, 0])
  t.same(texts(log.from(2)), [])
})

t.test('What is confirmed is forgotten once, also beyond the end, and the numbers go on', async t => {
  const { log } = setUp()
  log.push('a', Infinity)
  log.push('b', Infinity)
  log.confirm(7)
  t.same([log.end, log.length], [2, 0])
  log.confirm(1)
  t.equal(log.end, 2)
  log.push('c', Infinity)
  log.clear()
  t.same([log.end, log.length, log.bytes], [3, 0, 0])
  log.push('d', Infinity)
  t.same(texts(log.from(3)), ['d'])
})

t.test('What is counted in the budget is each message that is held, with what it costs besides its bytes', async t => {
  const { log, counted } = setUp()
  log.push('abc', Infinity)
  t.equal(counted.sum, 3 + MESSAGE_COST)
  log.push(Buffer.from('defg'), Infinity)
  t.equal(counted.sum, 7 + 2 * MESSAGE_COST)
  log.push('hijk', Infinity)
  t.equal(counted.sum, 8 + 2 * MESSAGE_COST, 'the first one had to go')
  log.confirm(2)
  t.equal(counted.sum, 4 + MESSAGE_COST)
  log.clear()
  t.equal(counted.sum, 0)
})

t.test('A message that came within a large chunk does not keep all of that chunk', async t => {
  const log = new ReplayLog({ messages: 10, bytes: 10_000 })
  const chunk = Buffer.alloc(10_000, 'x')
  log.push(chunk.subarray(1, 101), Infinity)
  const [kept] = log.from(0) ?? []
  t.equal(String(kept), 'x'.repeat(100))
  t.ok(Buffer.isBuffer(kept) && kept.buffer !== chunk.buffer)
})
