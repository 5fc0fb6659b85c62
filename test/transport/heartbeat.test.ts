import t from 'tap'
import { Heartbeat } from '../../lib/transport/heartbeat.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

/** A heartbeat on a socket that only notes its pings. */
function setUp () {
  const clock = new TestClock()
  const socket = { readyState: 1, pings: [] as Buffer[], ping: (payload: Buffer) => { socket.pings.push(payload) } }
  const marks: string[] = []
  const observer = { markPing: () => { marks.push('mark') }, confirmPing: () => { marks.push('confirm') } }
  const heartbeat = new Heartbeat(socket, observer, { interval: 100, timeout: 50, probeTimeout: 20 }, clock)
  const beatAt = (time: number) => {
    clock.advance(time - clock.lived())
    heartbeat.beat(clock.lived())
    return heartbeat.isDead(clock.lived())
  }
  return { clock, socket, marks, heartbeat, beatAt }
}

t.test('A ping goes out after each interval, with its number; a client that answers lives', async t => {
  const { socket, marks, heartbeat, beatAt } = setUp()
  for (let n = 1; n <= 3; n++) {
    t.equal(beatAt(n * 100 - 1), false)
    t.equal(socket.pings.length, n - 1)
    beatAt(n * 100)
    t.same(socket.pings.at(-1), Buffer.from([0, 0, 0, n]))
    t.equal(heartbeat.handlePong(socket.pings.at(-1) as Buffer), true)
  }
  t.same(marks, ['mark', 'confirm', 'mark', 'confirm', 'mark', 'confirm'])
})

t.test('A client that says nothing is dead after the timeout; one that sends has three times as long', async t => {
  const quiet = setUp()
  quiet.beatAt(100)
  t.same([quiet.beatAt(149), quiet.beatAt(150)], [false, true])
  const sends = setUp()
  sends.beatAt(100)
  for (let time = 140; time < 250; time += 10) {
    t.equal(sends.beatAt(time), false, `${time}`)
    sends.heartbeat.handleTraffic()
  }
  t.equal(sends.beatAt(250), true)
})

t.test('A pong that answers no ping of ours, or one that was answered before, is no sign of life', async t => {
  const { clock, heartbeat, marks, beatAt } = setUp()
  const answers: boolean[] = []
  beatAt(100)
  heartbeat.probe(alive => answers.push(alive))
  for (const payload of [[], [0, 0, 0, 0], [0, 0, 0, 3], [1, 2], [0, 0, 0, 2, 0]]) t.equal(heartbeat.handlePong(Buffer.from(payload)), false)
  t.equal(heartbeat.handlePong(Buffer.from([0, 0, 0, 1])), true, 'the ping before the probe')
  t.same(answers, [])
  t.same(marks, ['mark', 'mark'], 'what was sent between the two may not have arrived')
  t.equal(heartbeat.handlePong(Buffer.from([0, 0, 0, 2])), true)
  t.equal(heartbeat.handlePong(Buffer.from([0, 0, 0, 2])), false)
  t.same(answers, [true])
  t.equal(clock.pending, 0)
})

t.test('A probe is answered once: in time, too late, at the end of the connection, or soon where the socket is closing', async t => {
  const { clock, socket, heartbeat } = setUp()
  const answers: string[] = []
  const probe = (name: string) => heartbeat.probe(alive => answers.push(`${name} ${alive}`))
  probe('late')
  clock.advance(20)
  heartbeat.handlePong(socket.pings.at(-1) as Buffer)
  t.same(answers.splice(0), ['late false'])
  probe('ends')
  heartbeat.stop()
  heartbeat.stop()
  t.same(answers.splice(0), ['ends false'])
  socket.readyState = 2
  probe('closing')
  t.same(answers, [], 'never before it returns')
  clock.advance(0)
  t.same(answers, ['closing false'])
  t.equal(socket.pings.length, 2, 'and no ping is sent on a socket that closes')
  t.equal(clock.pending, 0)
})
