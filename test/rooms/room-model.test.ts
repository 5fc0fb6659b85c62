import fc from 'fast-check'
import t from 'tap'
import type { ClientKind } from '../../lib/rooms/client-kind.js'
import { OCCURRENCES, Tally } from '../helpers/model/occurrences.js'
import { World, type Claim, type Received, type Token } from '../helpers/model/world.js'

/** How many times the whole model runs, each time with other commands. */
const RUNS = 10_000
/** The application of each client. */
const APPS = ['one', 'one', 'one', 'one', 'two']
const APP = ['one', 'one', 'one', 'two']
const ROOMS = ['red', 'red', 'red', 'red', 'blue']

/** The one history to run instead, as the failure printed it: `REPLAY='{"seed":1,"path":"0:1","replayPath":"A:B"}'`. */
const REPLAY = JSON.parse(process.env.REPLAY ?? 'null') as { seed: number, path: string, replayPath: string } | null

type Step = fc.AsyncCommand<object, World, true>
/** What happens, in words for the counterexample; `client` is who must not be waiting for an answer. */
interface Plan {
  words: string
  client?: number
  run: (world: World) => void | Promise<void>
}

/** One step: the plan, and then everything that must always hold. */
class PlannedStep implements Step {
  readonly #plan: Plan

  constructor (plan: Plan) {
    this.#plan = plan
  }

  async check (): Promise<boolean> {
    return true
  }

  async run (_model: object, world: World): Promise<void> {
    const { client, run } = this.#plan
    // So that no two commands fall into the same instant, and no two deadlines either.
    await world.advance(1)
    if (client !== undefined && world.busy(client)) return
    await run(world)
    await world.whenIdle()
    world.check()
  }

  toString (): string {
    return this.#plan.words
  }
}

const client = fc.nat({ max: APPS.length - 1 })
const app = fc.constantFrom(...APP)
const room = fc.constantFrom(...ROOMS)
/** Mostly the room that the client knows: otherwise nearly all of what it does would be an outsider's. */
const known = fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: room })
const named = (room: string | null): string => room ?? 'its room'
const size = fc.constantFrom(0, 20, 200, 600)
const step = (plan: fc.Arbitrary<Plan>): fc.Arbitrary<Step> => plan.map(plan => new PlannedStep(plan))

const makes = fc.constantFrom<ClientKind | 'resumable'>('resumable', 'resumable', 'resumable', 'other', 'android', 'ios', 'flutter')
const claim = fc.constantFrom<Claim>('none', 'own', 'own', 'old')
const join = step(fc.tuple(client, room, makes, claim).map(([client, room, make, claim]) => ({
  words: `${client} joins ${room}, ${make}, claim ${claim}`,
  client,
  run: world => world.join(client, room, make === 'resumable', 'none', 'absent', make === 'resumable' ? 'other' : make, claim)
})))
/** Joins where it sits, as iOS does. */
const rejoin = step(fc.tuple(client, makes).map(([client, make]) => ({
  words: `${client} joins its room again, ${make}`,
  client,
  run: world => world.join(client, world.ownRoom(client) ?? 'red', make === 'resumable', 'none', 'absent', make === 'resumable' ? 'other' : make)
})))
const resume = step(fc.tuple(
  client,
  known,
  fc.constantFrom<Token>('current', 'current', 'current', 'old', 'foreign', 'forged'),
  fc.constantFrom<Received>('right', 'right', 'right', 'absent', 'less', 'more'),
  claim
).map(([client, room, token, received, claim]) => ({
  words: `${client} resumes ${named(room)} with its ${token} token, claim ${claim}, received ${received}`,
  client,
  run: world => world.join(client, room ?? world.ownRoom(client) ?? 'red', true, token, received, 'other', claim)
})))
const rarely = fc.constantFrom(false, false, false, true)
const leave = step(fc.tuple(
  client,
  fc.option(room, { nil: undefined, freq: 2 }),
  fc.constantFrom<'leave' | 'stop'>('leave', 'stop'),
  rarely
).map(([client, room, command, tooFast]) => ({
  words: `${client} says ${command} ${room ?? ''}${tooFast ? ' too fast' : ''}`,
  client,
  run: world => world.leave(client, room, command, tooFast)
})))
const relay = step(fc.tuple(
  client,
  known,
  fc.constantFrom<'offer' | 'candidate' | 'message'>('offer', 'candidate', 'message'),
  size,
  rarely
).map(([client, room, command, size, tooFast]) => ({
  words: `${client} relays ${command} of ${size} to ${named(room)}${tooFast ? ' too fast' : ''}`,
  client,
  run: world => world.relay(client, room ?? world.ownRoom(client) ?? 'red', command, size, tooFast)
})))
const read = step(fc.tuple(client, fc.constantFrom(1, 3, Infinity)).map(([client, most]) => ({
  words: `${client} reads ${most}`,
  run: world => world.read(client, most)
})))
const readAll = step(fc.constant({ words: 'everybody reads', run: world => world.readAll() }))
const lose = step(fc.tuple(client, fc.constantFrom(false, false, true), fc.nat({ max: 4 })).map(([client, clean, arrives]) => ({
  words: `${client} is lost ${clean ? 'cleanly' : 'abnormally'} after ${arrives} more`,
  run: world => world.lose(client, clean, arrives)
})))
const conclude = step(fc.tuple(client, fc.constantFrom(true, true, false), fc.nat({ max: 4 })).map(([client, clean, arrives]) => ({
  words: `${client} sends a close frame, ${clean ? 'a goodbye' : 'of an error'}, after ${arrives} more`,
  run: world => world.conclude(client, clean, arrives)
})))
const loseStale = step(client.map(client => ({
  words: `the lines that ${client} left behind end`,
  run: world => world.loseStale(client, false)
})))
const ping = step(client.map(client => ({ words: `${client} is pinged`, run: world => world.ping(client) })))
const wait = step(fc.constantFrom(100, 1_000, 2_100, 9_000, 20_100).map(ms => ({
  words: `${ms} ms pass`,
  run: world => world.advance(ms)
})))
// Longer than two messages take to cross, than a probe takes, than a window.
const stall = step(fc.constantFrom(150, 3_100, 3_100, 20_200).map(ms => ({
  words: `the server stands still for ${ms} ms`,
  run: world => world.stall(ms)
})))
// Several commands in one step, since by single ones what they lead to hardly ever happens.
const comeBack = step(fc.tuple(
  client,
  fc.nat({ max: 2 }),
  fc.constantFrom(0, 100, 3_100),
  fc.constantFrom(0, 0, 20_200),
  size
).map(([client, unread, passes, stands, size]) => ({
  words: `${client} ${passes > 0 ? 'sends something too fast, ' : ''}${passes > 100 ? 'says leave too fast, ' : ''}is lost, ${unread} unread, ` +
    `and comes back after ${passes} ms and ${stands} ms of standstill, in which its room is told something of ${size}`,
  client,
  run: async world => {
    const { app } = world.client(client)
    world.read(client, Infinity)
    const room = world.ownRoom(client) ?? 'red'
    if (passes > 0) world.relay(client, room, 'message', size, true)
    if (passes > 100) world.leave(client, room, 'leave', true)
    for (let n = 0; n < unread; n++) world.tell(app, room, null, size)
    world.lose(client, false, 0)
    await world.whenIdle()
    world.tell(app, room, null, size)
    await world.advance(passes)
    if (stands > 0) world.stall(stands)
    world.check()
    world.join(client, room, true, 'current', 'right')
  }
})))
/** What the server answers to the first join, and to what else comes before the loss, never arrives. */
const comeBackUnheard = step(fc.tuple(client, fc.boolean(), fc.constantFrom(0, 100, 20_100), claim).map(([client, twice, passes, claim]) => ({
  words: `${client} joins and is lost before it hears of it${twice ? ', twice' : ''}, and comes back after ${passes} ms, claim ${claim}`,
  client,
  run: async world => {
    for (let n = 0; n < (twice ? 2 : 1); n++) {
      if (world.busy(client)) return
      world.join(client, world.ownRoom(client) ?? 'red', true, 'current', 'right', 'other', 'own')
      await world.whenIdle()
      world.lose(client, false, 0)
      await world.whenIdle()
    }
    await world.advance(passes)
    world.check()
    world.join(client, world.ownRoom(client) ?? 'red', true, 'current', 'right', 'other', claim)
  }
})))
const cross = step(fc.tuple(client, fc.constantFrom(0, 3_100)).map(([client, stands]) => ({
  words: `${client} leaves, and after ${stands} ms of standstill all others send it a candidate`,
  client,
  run: async world => {
    const { app } = world.client(client)
    const room = world.ownRoom(client) ?? 'red'
    world.leave(client, room, 'leave')
    await world.whenIdle()
    if (stands > 0) world.stall(stands)
    for (const [index, other] of world.clients.entries()) {
      if (other.app === app && other.line !== null && index !== client && !world.busy(index)) world.relay(index, room, 'candidate', 0)
    }
  }
})))
const tell = step(fc.tuple(app, room, fc.constantFrom(null, 0, 1), size).map(([app, room, only, size]) => ({
  words: `the application tells ${only ?? 'all'} in ${app}/${room} something of ${size}`,
  run: world => world.tell(app, room, only, size)
})))
const remove = step(fc.tuple(app, room, fc.nat({ max: 1 })).map(([app, room, which]) => ({
  words: `the application puts ${which} out of ${app}/${room}`,
  run: world => world.remove(app, room, which)
})))
const close = step(fc.tuple(app, room).map(([app, room]) => ({
  words: `the application closes ${app}/${room}`,
  run: world => world.close(app, room)
})))
// Rarely, since nobody joins afterwards: a third of the histories end with a drain anyway.
const drain = step(fc.nat({ max: 9 }).map(chance => ({
  words: chance === 9 ? 'the server drains' : 'nothing',
  run: world => { if (chance === 9) world.drain() }
})))

// fc.commands draws evenly from the list: what happens more often stands there more often.
const often = (times: number, arbitrary: fc.Arbitrary<Step>): Array<fc.Arbitrary<Step>> => Array<fc.Arbitrary<Step>>(times).fill(arbitrary)
const steps = fc.commands([
  ...often(10, join), ...often(3, rejoin), ...often(8, resume), ...often(3, comeBack), ...often(2, comeBackUnheard), ...often(3, leave), cross,
  ...often(10, relay), ...often(3, read), ...often(6, readAll), ...often(5, lose), ...often(3, conclude), ...often(2, loseStale), ...often(3, ping),
  ...often(4, wait), ...often(5, stall), ...often(3, tell), remove, close, drain
], { maxCommands: 40, size: 'max', ...(REPLAY === null ? {} : { replayPath: REPLAY.replayPath }) })

const rules = fc.record({
  window: fc.constantFrom(20_000.25, 20_000.25, 20_000.25, 0),
  hold: fc.boolean(),
  messages: fc.constantFrom(3, 8, 100),
  bytes: fc.constantFrom(500, 2_000, 100_000)
})

t.test('rooms keep every promise over ten thousand histories', async t => {
  const tally = new Tally()
  const ways = fc.constantFrom('leave' as const, 'vanish' as const, 'drain' as const)
  await fc.assert(fc.asyncProperty(steps, rules, ways, async (steps, rules, way) => {
    const world = new World(rules, APPS, tally)
    await fc.asyncModelRun(() => ({ model: {}, real: world }), steps)
    await world.quiesce(way)
  }), REPLAY === null ? { numRuns: RUNS } : { seed: REPLAY.seed, path: REPLAY.path, endOnFailure: true })
  if (REPLAY !== null) return
  for (const occurrence of OCCURRENCES) {
    t.ok(tally.count(occurrence) >= RUNS / 200, `and often enough: ${occurrence} (${tally.count(occurrence)} times)`)
  }
})
