import fc from 'fast-check'
import t from 'tap'
import { agree, inCall, World, type FakePage } from '../helpers/fakes/client-world.js'
import { turn } from '../helpers/fakes/pending.js'
import { parse } from '../helpers/fakes/fake-description.js'

const ROUNDS = 1000

/** A stream of numbers from 0 to 1 that a seed repeats. */
function randomFrom (seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

t.test('both sides renegotiate in the same tick, a thousand times with random timing: never stuck, and both ends agree', async t => {
  const seed = Number(process.env.NEGOTIATION_SEED ?? Math.floor(Math.random() * 2 ** 32))
  t.comment(`NEGOTIATION_SEED=${seed}`)
  const random = randomFrom(seed)
  const world = new World()
  const pages = await world.call(t)
  const [anna, ben] = pages
  world.ice.pause = async () => {
    for (let turns = Math.floor(random() * 4); turns > 0; turns--) await world.ice.pending.turn()
  }
  const moves: Array<(page: FakePage) => unknown> = [
    page => page.adaptor.negotiate(),
    page => page.adaptor.turnOffLocalCamera(),
    page => page.adaptor.turnOnLocalCamera(),
    page => page.adaptor.muteLocalMic(),
    page => page.adaptor.unmuteLocalMic(),
    page => page.connection?.restartIce()
  ]
  const offers = () => pages.map(({ sent }) => sent.filter(({ type }) => type === 'offer').length)
  let crossed = 0
  for (let round = 0; round < ROUNDS; round++) {
    const before = offers()
    for (const page of pages) {
      for (let count = 1 + Math.floor(random() * 2); count > 0; count--) moves[Math.floor(random() * moves.length)]?.(page)
    }
    await world.carry(() => random() < 0.5)
    const after = offers()
    if (after.every((count, side) => count > (before[side] ?? 0))) crossed++
    const [a, b] = [anna.connection, ben.connection]
    if (a === null || b === null || !agree(a, b)) return t.fail(`they do not agree after round ${round}`)
    for (const [page, other] of [[anna, ben], [ben, anna]] as const) {
      const wanted = [other.adaptor.micOn ? 'audio' : '', other.adaptor.cameraOn ? 'video' : ''].filter(kind => kind !== '')
      if (page.remote.join() !== wanted.join()) return t.fail(`after round ${round} ${wanted.join()} is sent and ${page.remote.join()} shown`)
    }
  }
  t.ok(crossed > ROUNDS / 10, `in ${crossed} rounds both sides offered`)
  t.same(world.ice.faults, [], 'no description came in a state that forbids it, no answer to another offer')
  t.equal(world.ice.connections.length, 2, 'in one call all along')
  t.same([...anna.errorNames, ...ben.errorNames], [])
})

t.test('no order of moves and frames leaves the two ends apart', async t => {
  const scripts = fc.array(fc.tuple(fc.nat({ max: 1 }), fc.nat({ max: 4 }), fc.nat({ max: 6 })), { maxLength: 12 })
  await fc.assert(fc.asyncProperty(fc.integer(), scripts, async (seed, script) => {
    const random = randomFrom(seed)
    const world = new World()
    const pages = await world.call(t)
    const [anna, ben] = pages
    for (const [side, move, steps] of script) {
      const { adaptor } = pages[side] as FakePage
      if (move === 0) void adaptor.negotiate()
      else if (move === 1) void adaptor.turnOffLocalCamera()
      else if (move === 2) void adaptor.turnOnLocalCamera()
      else if (move === 3) pages[side]?.connection?.restartIce()
      else pages[side]?.network.last.cut()
      for (let step = 0; step < steps; step++) {
        for (const { network } of pages) network.step(() => random() < 0.5)
        await turn()
      }
    }
    await world.pass(5_000)
    const fine = inCall(anna, ben) && world.ice.faults.length === 0 && world.ice.connections.length === 2
    for (const { adaptor } of pages) await adaptor.close()
    return fine
  }), { numRuns: 150 })
  t.pass()
})

t.test('negotiate makes a new offer, also while another one is under way', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const offers = () => anna.sent.filter(({ type }) => type === 'offer').length
  const before = offers()
  void anna.adaptor.negotiate()
  await world.whenIdle()
  t.equal(offers(), before + 1)
  await Promise.all([anna.adaptor.negotiate(), anna.adaptor.negotiate()])
  await world.whenIdle()
  t.equal(offers(), before + 3)
  t.ok(inCall(anna, ben))
  await world.page(t).open().negotiate()
})

t.test('negotiate is over when the call is', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  world.ice.pause = () => new Promise(() => {})
  const under = [anna.adaptor.negotiate(), anna.adaptor.negotiate()]
  void anna.adaptor.leave()
  await Promise.all(under)
  t.equal(anna.connection, null)
})

t.test('an answer to an offer that was taken back is dropped', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const session = anna.sent.find(({ type }) => type === 'offer')?.session
  void anna.adaptor.negotiate()
  const late = { command: 'takeConfiguration', streamId: 'room1', type: 'answer', sdp: 'v=0', session, negotiation: 99 }
  ben.socket.send(JSON.stringify(late))
  await world.whenIdle()
  t.ok(inCall(anna, ben))
  t.same([...anna.errorNames, ...world.ice.faults], [])
})

t.test('two fresh connections that are offered at once end as one', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  for (const page of [anna, ben]) {
    // Both sides take the step of a fresh connection in the same moment.
    page.connection?.become('failed')
  }
  world.ice.open = false
  await world.pass(9_000)
  world.ice.open = true
  await world.pass(30_000)
  t.ok(inCall(anna, ben))
  t.same(world.ice.faults, [])
})

t.test('answers and candidates of another session are dropped', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const { candidates } = anna.connection ?? { candidates: [] }
  const before = candidates.length
  for (const frame of [
    { command: 'takeConfiguration', streamId: 'room1', type: 'answer', sdp: 'v=0', session: 'other' },
    { command: 'takeConfiguration', streamId: 'room1', type: 'rollback', sdp: '', session: 'other' },
    { command: 'takeConfiguration', streamId: 'room1', type: 'answer', sdp: 'v=0' },
    { command: 'takeCandidate', streamId: 'room1', label: 0, id: '0', candidate: 'candidate:2', session: 'other' },
    { command: 'takeCandidate', streamId: 'room1', label: 0, id: '0', candidate: 'candidate:2' }
  ]) ben.socket.send(JSON.stringify(frame))
  await world.whenIdle()
  t.ok(inCall(anna, ben))
  t.equal(candidates.length, before)
  t.same(anna.errorNames, [])
})

t.test('a description that cannot be used is told, and a session that is not known is refused so that a fresh one comes', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const first = ben.connection
  ben.socket.send(JSON.stringify({ command: 'takeConfiguration', streamId: 'room1', type: 'offer', sdp: 'rubbish', session: 'gone' }))
  await world.whenIdle()
  t.match(anna.sent.at(-1), { command: 'takeConfiguration', type: 'rollback', session: 'gone' })
  t.equal(ben.connection, first, 'who never had that session overlooks it')
  anna.socket.send(JSON.stringify({
    command: 'takeConfiguration', streamId: 'room1', type: 'rollback', sdp: '', session: anna.sent.find(({ type }) => type === 'offer')?.session
  }))
  await world.whenIdle()
  t.not(ben.connection, first)
  t.ok(inCall(anna, ben))
  ben.socket.send(JSON.stringify({ command: 'takeConfiguration', streamId: 'room1', type: 'offer', sdp: 'rubbish', session: 'fresh', fresh: true }))
  await world.whenIdle()
  t.same(anna.errorNames, ['notSetRemoteDescription'])
})

t.test('a restart of ICE changes the user name fragment, and candidates of the new generation are taken', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const before = parse(anna.connection?.currentLocal?.sdp ?? '').ufrag
  anna.connection?.restartIce()
  await world.whenIdle()
  const after = parse(anna.connection?.currentLocal?.sdp ?? '').ufrag
  t.not(after, before)
  t.ok(ben.connection?.candidates.includes(after))
  t.ok(inCall(anna, ben))
})
