import Fastify, { type FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { EventRecorder } from '../../lib/events.js'
import { logOf } from '../../lib/transport/connection-log.js'
import { SafeLog } from '../../lib/transport/safe-log.js'
import { Log } from '../helpers/host.js'

t.test('A line that is not written is not put together', t => {
  const quiet = Fastify().log
  const atInfo = Fastify({ logger: { ...new Log().logger, level: 'info' } }).log
  for (const log of [quiet, atInfo]) {
    const safe = new SafeLog(log, () => {
      t.fail('what it is about was asked for')
      return {}
    })
    t.notOk(safe.writes('debug'))
    safe.debug({}, 'a line')
  }
  t.ok(new SafeLog(atInfo).writes('info'))
  t.end()
})

t.test('A log that does not say what it writes is told of everything', t => {
  const lines: unknown[] = []
  const sink = (...line: unknown[]): void => { lines.push(line) }
  const log = { info: sink, debug: sink, warn: sink, error: sink, fatal: sink } as unknown as FastifyBaseLogger
  new SafeLog(log, () => ({ app: 'app' })).debug({ code: 1 }, 'a line')
  t.same(lines, [[{ app: 'app', code: 1 }, 'a line']])
  t.end()
})

t.test('A log that fails when it is asked what it writes is told', t => {
  const lines: unknown[] = []
  const log = { isLevelEnabled () { throw new Error('The log of the host fails.') }, debug (...line: unknown[]) { lines.push(line) } }
  new SafeLog(log as unknown as FastifyBaseLogger).debug({}, 'a line')
  t.same(lines, [[{}, 'a line']])
  t.end()
})

t.test('An event that neither the application nor the log wants is not put together, and the level may change', t => {
  const log = new Log()
  const { log: host } = Fastify({ logger: { ...log.logger, level: 'info' } })
  const events = new EventRecorder()
  let asked = 0
  const link = { app: 'app', get id () { return `connection ${++asked}` } }
  const seat = {
    id: 'peer',
    room: { app: 'app', name: 'room' },
    get connection () { return link.id },
    get log () { return logOf(host, link, 'room', 'peer') }
  }
  const about = { app: 'app', room: 'room', peer: 'peer', reason: 'left', peers: 0 }
  events.left(seat, 'left', 0)
  t.equal(asked, 0)
  host.level = 'debug'
  events.left(seat, 'left', 0)
  events.relayed(seat, 'takeCandidate', 100)
  t.match(log.lines, [{ msg: 'a peer left', ...about, connection: 'connection 1' }], 'and no line for a message')
  host.level = 'info'
  const heard: unknown[] = []
  events.on('left', event => { heard.push(event) })
  events.left(seat, 'left', 0)
  t.match(heard, [{ ...about, connection: 'connection 2' }])
  t.equal(log.lines.length, 1)
  t.end()
})
