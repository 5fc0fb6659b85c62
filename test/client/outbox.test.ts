import fc from 'fast-check'
import t from 'tap'
import { AdaptorError } from '../../lib/client/base/client-errors.js'
import { Outbox } from '../../lib/client/guard/outbox.js'

const say = (data: number | string) => ({ command: 'peerMessageCommand' as const, streamId: 'room1', definition: 'n', data })
const candidate = (session: string, text = '') => ({ command: 'takeCandidate' as const, streamId: 'room1', label: 0, id: '0', candidate: text, session })

function flushed (outbox: Outbox): unknown[] {
  const sent: unknown[] = []
  outbox.flush(({ text }) => {
    const message = JSON.parse(text) as { data?: unknown, candidate?: unknown }
    sent.push(message.data ?? message.candidate)
    return true
  })
  return sent
}

t.test('whatever is cut, and wherever the server has got to, each message is processed once and in order', async t => {
  type Step = { type: 'say' } | { type: 'carry', count: number } | { type: 'ping' } | { type: 'pong' } | { type: 'cut' }
  const steps = fc.array(fc.oneof<Array<fc.Arbitrary<Step>>>(
    fc.constant({ type: 'say' }),
    fc.record({ type: fc.constant('carry'), count: fc.nat({ max: 5 }) }),
    fc.constant({ type: 'ping' }),
    fc.constant({ type: 'pong' }),
    fc.constant({ type: 'cut' })
  ), { maxLength: 60 })
  fc.assert(fc.property(steps, steps => {
    const outbox = new Outbox()
    const processed: number[] = []
    let wire: Array<number | 'ping'> = []
    let pongs = 0
    let said = 0
    const send = () => outbox.flush(({ text }) => {
      wire.push((JSON.parse(text) as { data: number }).data)
      return true
    })
    const reconnect = () => {
      wire = []
      pongs = 0
      outbox.handleLoss()
      outbox.resume(processed.length)
      send()
    }
    const carry = (count: number) => {
      for (const frame of wire.splice(0, count)) {
        if (frame === 'ping') pongs++
        else processed.push(frame)
      }
    }
    for (const step of steps) {
      if (step.type === 'say') {
        outbox.add(say(said++))
        send()
      } else if (step.type === 'carry') {
        carry(step.count)
      } else if (step.type === 'ping') {
        wire.push('ping')
        outbox.handlePing()
      } else if (step.type === 'pong') {
        if (pongs > 0) outbox.handlePong()
        pongs = Math.max(0, pongs - 1)
      } else {
        reconnect()
      }
    }
    reconnect()
    carry(Infinity)
    return processed.length === said && processed.every((data, index) => data === index)
  }), { numRuns: 2000 })
  t.pass()
})

t.test('what was acknowledged is forgotten, and never sent again', async t => {
  const outbox = new Outbox()
  for (const data of [1, 2, 3]) outbox.add(say(data))
  t.same(flushed(outbox), [1, 2, 3])
  outbox.handlePing()
  outbox.add(say(4))
  flushed(outbox)
  outbox.handlePong()
  t.equal(outbox.count, 4)
  outbox.resume(3)
  t.same(flushed(outbox), [4])
})

t.test('on a new seat the words of the old one are not said again, but what was never sent by the application is', async t => {
  const outbox = new Outbox()
  outbox.add(say('sent'))
  outbox.add(candidate('one', 'sent'))
  flushed(outbox)
  outbox.add(candidate('one', 'waiting'))
  outbox.add(say('waiting'))
  outbox.renew()
  t.same(flushed(outbox), ['waiting'])
  t.equal(outbox.count, 1, 'counting begins anew')
})

t.test('a ping that was sent on the old seat acknowledges nothing on the new one', async t => {
  const outbox = new Outbox()
  outbox.add(say(1))
  flushed(outbox)
  outbox.handlePing()
  outbox.renew()
  outbox.add(say(2))
  flushed(outbox)
  outbox.handlePong()
  outbox.resume(0)
  t.same(flushed(outbox), [2])
})

t.test('what waits for a peer connection that is no more is forgotten', async t => {
  const outbox = new Outbox()
  outbox.add(candidate('one', 'old'))
  outbox.add(candidate('two', 'new'))
  outbox.add(say('hello'))
  outbox.forget('one')
  t.same(flushed(outbox), ['new', 'hello'])
})

t.test('it is bounded in messages and in size, and says so', async t => {
  const many = new Outbox()
  t.ok(Array.from({ length: 10_000 }, (_, data) => many.add(say(data))).every(added => added === 'added'))
  t.equal(many.add(say(10_000)), 'full')
  const large = new Outbox()
  t.equal(large.add(say('x'.repeat(2 ** 21))), 'added')
  t.equal(large.add(say('x'.repeat(2 ** 21))), 'full')
  t.equal(large.add(say('€'.repeat(2 ** 21 / 3))), 'full', 'in bytes, not characters')
})

t.test('what is forgotten makes room again, in whichever way it is forgotten', async t => {
  const outbox = new Outbox()
  const half = 'x'.repeat(2 ** 21)
  const fits = (name: string) => {
    t.equal(outbox.add(say(half)), 'added', name)
    t.equal(outbox.add(say(half)), 'full', `${name}: and is bounded`)
  }
  const gone = new AdaptorError('AbortError', '')
  fits('at first')
  flushed(outbox)
  outbox.acknowledge(1)
  fits('acknowledged')
  flushed(outbox)
  outbox.renew()
  fits('of an old seat')
  outbox.clear(gone)
  fits('cleared')
  outbox.dropLargest(gone)
  fits('too large')
  outbox.giveUp(() => gone)
  outbox.add(candidate('one', half))
  outbox.forget('one')
  fits('of an old peer connection')
})

t.test('messages of the call go before those of the application, and each kind keeps its order', async t => {
  const outbox = new Outbox()
  outbox.add(say(1))
  outbox.add(candidate('one', 'a'))
  outbox.add(say(2))
  outbox.add(candidate('one', 'b'))
  t.same(flushed(outbox), ['a', 'b', 1, 2])
  outbox.add(say(3))
  outbox.add(candidate('one', 'c'))
  outbox.resume(1)
  t.same(flushed(outbox), ['b', 'c', 1, 2, 3])
})

t.test('after a close for size the largest is dropped, sent or not, and the others go out', async t => {
  const outbox = new Outbox()
  outbox.add(say('a'))
  outbox.add(say('x'.repeat(100)))
  flushed(outbox)
  outbox.add(say('b'))
  outbox.dropLargest(new AdaptorError('tooLarge', ''))
  outbox.resume(1)
  t.same(flushed(outbox), ['b'])
})

t.test('the server is asked how far it is after so many messages, and not while an answer is due', async t => {
  const outbox = new Outbox()
  for (let data = 0; data < 64; data++) {
    if (outbox.wantsPing) t.fail(`asked after ${data}`)
    outbox.add(say(data))
    flushed(outbox)
  }
  t.ok(outbox.wantsPing)
  outbox.handlePing()
  t.notOk(outbox.wantsPing)
})
