import t from 'tap'
import { FrameOrder } from '../../lib/cluster/frame-order.js'
import { OutageClock } from '../../lib/cluster/outage-clock.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// Frames of one seat in order while it moves from server to server, and time that stands still while Redis is away.

const MAX_GAP = 2_000

function frames (numbers = {}) {
  const clock = new TestClock()
  const heard: string[] = []
  const order = new FrameOrder<string>(clock, MAX_GAP, frame => { heard.push(frame) }, numbers)
  const take = (number: number, { from = 'a', stream = 1 } = {}): boolean => order.take({ from, stream, number }, `${from}${number}`)
  return { clock, heard, order, take }
}

t.test('Frames that were passed on come before those that overtook them, and none comes twice', async t => {
  const { heard, take } = frames()
  for (const number of [1, 3, 4, 2, 3, 1, 5]) take(number)
  t.same(heard, ['a1', 'a2', 'a3', 'a4', 'a5'])
})

t.test('Servers are in order each by itself', async t => {
  const { heard, take } = frames()
  take(2)
  take(1, { from: 'b' })
  take(1)
  t.same(heard, ['b1', 'a1', 'a2'])
})

t.test('A gap is not waited for without end, and what it hid comes no more', async t => {
  const { clock, heard, take } = frames()
  take(1)
  take(3)
  take(4)
  clock.advance(MAX_GAP - 1)
  t.same(heard, ['a1'])
  clock.advance(1)
  t.same(heard, ['a1', 'a3', 'a4'])
  take(2)
  take(5)
  t.same(heard, ['a1', 'a3', 'a4', 'a5'])
})

t.test('The next server goes on where this one was, with what waited here', async t => {
  const here = frames()
  here.take(1)
  here.take(3)
  const next = frames(here.order.numbers)
  for (const frame of here.order.end()) next.take(Number(frame.slice(1)))
  t.same(next.heard, [])
  next.take(2)
  t.same(next.heard, ['a2', 'a3'])
  here.clock.advance(MAX_GAP)
  t.same(here.heard, ['a1'], 'what was passed on is not said here too')
})

t.test('A server that counts anew is heard from its first frame on', async t => {
  const { heard, take } = frames()
  take(1)
  take(2)
  take(1, { stream: 2 })
  take(3)
  t.same(heard, ['a1', 'a2', 'a1'])
})

t.test('A window stands still during an outage, and goes on with what was left of it', async t => {
  const clock = new TestClock()
  const windows = new OutageClock(clock)
  let over = false
  windows.after(1_000, () => { over = true })
  clock.advance(400)
  windows.stop()
  clock.advance(5_000)
  t.equal(over, false)
  t.equal(windows.isStopped, true)
  const before = windows.lived()
  windows.go()
  t.equal(windows.lived(), before)
  clock.advance(599)
  t.equal(over, false)
  clock.advance(251)
  t.equal(over, true)
})
