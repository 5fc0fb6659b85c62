import t from 'tap'
import { CROSSING, OfferTurn } from '../../lib/rooms/offer-turn.js'
import type { Seat } from '../../lib/rooms/seat.js'
import type { TextFrame } from '../../lib/rooms/peer-link.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// Which peer of a room was asked for an offer, and for how long its offer counts as under way.

function peer (takes = true): { seat: Seat, heard: unknown[] } {
  const heard: unknown[] = []
  const notify = (frame: TextFrame): boolean => {
    heard.push(JSON.parse(frame.toString()))
    return takes
  }
  return { seat: { room: { name: 'room' }, notify } as unknown as Seat, heard }
}

t.test('A peer that is asked hears `start`, and whoever asks is told whether it could be kept for it', async t => {
  const turn = new OfferTurn(new TestClock())
  const [present, lost] = [peer(), peer(false)]
  t.equal(turn.ask(present.seat), true)
  t.same(present.heard, [{ command: 'start', streamId: 'room' }])
  t.equal(turn.turn?.seat, present.seat)
  t.equal(turn.ask(lost.seat), false)
  t.equal(turn.turn?.seat, lost.seat)
})

t.test('An offer is coming from when its peer was asked until messages cannot cross any more, or it has come', async t => {
  const clock = new TestClock()
  const turn = new OfferTurn(clock)
  const [one, other] = [peer(), peer()]
  t.equal(turn.isOfferComing, false)
  clock.advance(1_000)
  turn.ask(one.seat)
  t.equal(turn.isOfferComing, true)
  clock.advance(CROSSING - 1)
  t.equal(turn.isOfferComing, true)
  clock.advance(1)
  t.equal(turn.isOfferComing, false)
  t.equal(turn.turn?.seat, one.seat, 'it alone is to offer, however late')
  turn.ask(one.seat)
  turn.offered(other.seat)
  t.equal(turn.isOfferComing, true, 'an offer of somebody else is not its own')
  turn.offered(one.seat)
  t.equal(turn.turn, null)
  turn.ask(one.seat)
  turn.clear()
  t.equal(turn.turn, null)
  t.equal(turn.isOfferComing, false)
})

t.test('A turn that ended with its seat is restored, unless another peer was asked meanwhile', async t => {
  const clock = new TestClock()
  const turn = new OfferTurn(clock)
  const [one, other] = [peer(), peer()]
  turn.ask(one.seat)
  const { turn: before } = turn
  turn.clear()
  clock.advance(CROSSING - 1)
  if (before !== null) turn.restore(before)
  t.equal(turn.turn, before)
  t.equal(turn.isOfferComing, true)
  clock.advance(1)
  t.equal(turn.isOfferComing, false, 'its time goes on from when it was asked')
  turn.ask(other.seat)
  if (before !== null) turn.restore(before)
  t.equal(turn.turn?.seat, other.seat)
})
