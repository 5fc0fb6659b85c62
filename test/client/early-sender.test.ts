import fc from 'fast-check'
import t from 'tap'
import { AdaptorError } from '../../lib/client/base/client-errors.js'
import { Emitter } from '../../lib/client/base/emitter.js'
import type { SignallingContext } from '../../lib/client/guard/signalling-context.js'
import { SignallingGuard } from '../../lib/client/guard/signalling-guard.js'
import { EarlySender, type Sender } from '../../lib/client/signalling/early-sender.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// The messages of a call that are sent before the guard has come, and how it takes them over.

type Events = Record<string, unknown>

/** One seat, its server, and the socket between them, which can be cut wherever the frames on it have got to. */
class Seat extends Emitter<Events> {
  readonly clock = new TestClock()
  readonly connection = new Connection()
  readonly roomJoin = { phase: 'none', retry: null }
  room: string | null = 'room1'
  sender: Sender
  readonly announcer = { report: (error: AdaptorError) => { throw error } }
  /** What the server has taken of the seat, in order. */
  readonly taken: number[] = []
  #said = 0

  constructor () {
    super()
    this.sender = new EarlySender(this.roomJoin as never, this.connection as never)
    this.sit(false)
  }

  get seated (): boolean {
    return this.roomJoin.phase === 'joined'
  }

  get said (): number {
    return this.#said
  }

  say (session = 'one'): void {
    this.sender.relay({ command: 'takeCandidate', streamId: 'room1', label: this.#said++, id: '0', candidate: '', session })
  }

  carry (count: number): void {
    for (const { command, label } of this.connection.wire.splice(0, count)) {
      if (command === 'ping') this.connection.tell('received', { command: 'pong' })
      else this.taken.push(label as number)
    }
  }

  /** The socket is lost with what is under way; false where it was lost before. */
  cut (): void {
    if (!this.seated) return
    this.roomJoin.phase = 'none'
    this.connection.state = 'reconnecting'
    this.connection.wire.length = 0
    this.emit('lost', 1006)
  }

  /** There is another socket, and the seat is resumed, or another one is given. */
  sit (resumed: boolean): void {
    if (this.seated) return
    if (!resumed) this.taken.length = 0
    this.connection.state = 'open'
    this.roomJoin.phase = 'joined'
    const frame = { command: 'notification', definition: 'joined', streamId: 'room1', peers: 1, received: this.taken.length }
    const seated = { frame, resumed, automatic: true }
    this.sender.handleSeated(seated)
    this.emit('seated', seated)
  }

  /** The guard arrives. */
  guard (): SignallingGuard {
    const environment = {
      setTimeout: (task: () => void, delay: number) => this.clock.after(delay, task),
      clearTimeout: (timer: unknown) => this.clock.cancel(timer),
      now: () => this.clock.now()
    }
    return new SignallingGuard({ environment, signalling: this, announcer: this.announcer, AdaptorError } as unknown as SignallingContext)
  }
}

class Connection extends Emitter<Events> {
  readonly wire: Array<{ command: string, label?: number }> = []
  state: 'open' | 'reconnecting' = 'open'

  send (message: object): boolean {
    return this.sendText(JSON.stringify(message))
  }

  sendText (text: string): boolean {
    if (this.state !== 'open') return false
    this.wire.push(JSON.parse(text))
    this.emit('sent', text)
    return true
  }

  tell (name: string, payload: unknown): void {
    this.emit(name, payload)
  }
}

t.test('whatever is cut, and whenever the guard arrives, each message is taken by the server once and in order', async t => {
  const steps = fc.array(fc.oneof(
    fc.constant('say' as const), fc.constant('say' as const), fc.nat({ max: 5 }), fc.constant('cut' as const), fc.constant('resume' as const)
  ), { maxLength: 60 })
  fc.assert(fc.property(steps, fc.nat({ max: 60 }), (steps, arrival) => {
    const seat = new Seat()
    steps.forEach((step, index) => {
      if (index === arrival) seat.guard()
      if (step === 'say') seat.say()
      else if (step === 'cut') seat.cut()
      else if (step === 'resume') seat.sit(true)
      else seat.carry(step)
    })
    if (arrival >= steps.length) seat.guard()
    seat.sit(true)
    seat.carry(Infinity)
    return seat.taken.length === seat.said && seat.taken.every((label, index) => label === index)
  }), { numRuns: 2000 })
  t.pass()
})

t.test('without the guard, too, nothing is lost and nothing sent twice, however often the socket is cut', async t => {
  const seat = new Seat()
  for (let round = 0; round < 5; round++) {
    for (let count = 0; count < 4; count++) seat.say()
    seat.carry(2)
    seat.cut()
    seat.say()
    seat.sit(true)
  }
  seat.carry(Infinity)
  t.same(seat.taken, [...Array(25).keys()])
})

t.test('what was said on one seat is not said again on the next, neither by it nor by the guard', async t => {
  for (const guarded of [false, true]) {
    const seat = new Seat()
    seat.say()
    seat.cut()
    seat.say()
    if (guarded) seat.guard()
    seat.sit(false)
    seat.carry(Infinity)
    t.same(seat.taken, [])
    seat.say()
    seat.carry(Infinity)
    t.same(seat.taken, [2])
  }
})

t.test('the guard goes on with who is there: by the seat, and by what was told since', async t => {
  const of = (told: string[], peers = 0) => {
    const seat = new Seat()
    seat.cut()
    seat.roomJoin.phase = 'joined'
    seat.connection.state = 'open'
    seat.sender.handleSeated({ frame: { command: 'notification', definition: 'joined', streamId: 'room1', peers }, resumed: false, automatic: false })
    for (const definition of told) seat.sender.handleSeatMessage({ command: 'notification', definition })
    seat.sender.handleSeatMessage({ command: 'takeCandidate' })
    const { sender } = seat.guard()
    const send = () => sender.send({ command: 'peerMessageCommand', streamId: 'room1', definition: 'chat', data: 1 })
    return send
  }
  t.throws(of([]), { name: 'no_peer_associated_before' })
  t.throws(of(['peerJoined', 'peerLeft']), { name: 'no_peer_associated_before' })
  t.throws(of(['peerLeft'], 1), { name: 'no_peer_associated_before' })
  t.doesNotThrow(of(['peerJoined']))
  t.doesNotThrow(of([], 1))
})

t.test('a seat that was given up before the guard came is none of its business: neither its messages nor who was missing there', async t => {
  const seat = new Seat()
  seat.sender.handleSeated({ frame: { command: 'notification', definition: 'joined', streamId: 'room1', peers: 0 }, resumed: false, automatic: true })
  seat.say()
  seat.cut()
  seat.room = 'room2'
  const { sender } = seat.guard()
  const { sent } = sender.send({ command: 'peerMessageCommand', streamId: 'room2', definition: 'chat', data: 1 })
  seat.clock.advance(120_000)
  seat.sit(false)
  seat.carry(1)
  await sent
  t.equal(seat.connection.wire.length, 0, 'nothing else was said')
})
