import fc from 'fast-check'
import t from 'tap'
import { inCall, World, type FakePage } from '../helpers/fakes/client-world.js'
import { turn } from '../helpers/fakes/pending.js'

const numbers = (page: FakePage) => page.payloads.filter(([info]) => info === 'peerMessageCommand').map(([, payload]) => (payload as { data: number }).data)

t.test('whatever is cut, and whenever, each message between two pages arrives once and in order', async t => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('say' as const), side: fc.nat({ max: 1 }) }) },
    { weight: 6, arbitrary: fc.record({ type: fc.constant('carry' as const), side: fc.nat({ max: 1 }), up: fc.nat({ max: 3 }), down: fc.nat({ max: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('cut' as const), side: fc.nat({ max: 1 }) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.nat({ max: 1500 }) }) }
  )
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
    const world = new World()
    const pages = await world.call(t)
    const said: [number, number] = [0, 0]
    for (const step of steps) {
      if (step.type === 'wait') {
        await world.clock.advanceSlowly(step.ms, turn)
        continue
      }
      const page = pages[step.side] as FakePage
      if (step.type === 'say') {
        void page.adaptor.sendPeerMessage('n', said[step.side === 0 ? 0 : 1]++)
      } else if (step.type === 'cut') {
        page.network.last.cut()
      } else {
        page.network.last.connect()
        for (let count = 0; count < step.up; count++) page.network.last.carryUp()
        for (let count = 0; count < step.down; count++) page.network.last.carryDown()
        await turn()
      }
    }
    await world.pass(15_000)
    const [anna, ben] = pages
    const all = (count = 0) => Array.from({ length: count }, (_, index) => index).join()
    const whole = numbers(anna).join() === all(said[1]) && numbers(ben).join() === all(said[0])
    const fine = whole && inCall(anna, ben) && world.ice.connections.length === 2 && anna.errors.length + ben.errors.length === 0
    for (const { adaptor } of pages) await adaptor.close()
    return fine
  }), { numRuns: 300 })
  t.pass()
})

t.test('a lost socket is told as reconnecting and reconnected, once each, and the call does not notice', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const connection = anna.connection
  anna.network.reachable = false
  anna.socket.cut()
  await world.pass(1_000)
  t.equal(anna.adaptor.connectionState, 'reconnecting')
  t.same(ben.told.filter(info => info === 'peerLeft'), [])
  anna.network.reachable = true
  await world.pass(3_000)
  t.equal(anna.count('reconnecting'), 1)
  t.equal(anna.count('reconnected'), 1)
  t.same(anna.payloads.find(([info]) => info === 'reconnected')?.[1], { resumed: true, peers: 1 })
  t.equal(anna.count('joined'), 1)
  t.equal(anna.connection, connection)
  t.ok(inCall(anna, ben))
  t.equal(anna.adaptor.connectionState, 'open')
})

t.test('a camera that is switched while the page was away is so at the other side once it is back', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  anna.network.reachable = false
  anna.socket.cut()
  await world.whenIdle()
  await anna.adaptor.turnOffLocalCamera()
  await world.pass(1_000)
  t.same(ben.remote, ['audio', 'video'])
  anna.network.reachable = true
  await world.pass(3_000)
  t.same(ben.remote, ['audio'])
  t.ok(inCall(anna, ben))
})

t.test('after a restart of the server both come back by themselves, and the media flows on', async t => {
  for (const first of [0, 1]) {
    const world = new World()
    const pages = await world.call(t)
    const [anna, ben] = pages
    const connections = pages.map(({ connection }) => connection)
    world.server.restart()
    for (const { network } of pages) {
      network.reachable = false
      network.last.cut()
    }
    await world.whenIdle()
    await (pages[first] as FakePage).adaptor.turnOffLocalCamera()
    await world.pass(400)
    for (const side of [first, 1 - first]) {
      (pages[side] as FakePage).network.reachable = true
      await world.pass(8_000)
    }
    t.same(pages.map(({ connection }) => connection), connections, 'no peer connection was made anew')
    t.ok(inCall(anna, ben))
    t.same(pages.map(({ payloads }) => payloads.find(([info]) => info === 'reconnected')?.[1]), [0, 1].map(side => ({ resumed: false, peers: side === first ? 0 : 1 })))
    t.same([...anna.errorNames, ...ben.errorNames, ...world.ice.faults], [])
    t.same((pages[1 - first] as FakePage).remote, ['audio'], 'what was switched meanwhile is so at the other side')
    await (pages[first] as FakePage).adaptor.turnOnLocalCamera()
    await world.whenIdle()
    t.same((pages[1 - first] as FakePage).remote, ['audio', 'video'])
  }
})

t.test('a server that was restarted in the middle of a set-up brings the call up all the same', async t => {
  for (let steps = 1; steps < 30; steps++) {
    const world = new World()
    const pages = [world.page(t), world.page(t)] as const
    for (const page of pages) void page.open().join('room1')
    for (let step = 0; step < steps; step++) {
      for (const { network } of pages) network.step()
      await turn()
    }
    world.server.restart()
    for (const { network } of pages) if (network.last.readyState === 1) network.last.cut()
    await world.pass(3_000)
    if (!inCall(...pages)) t.fail(`restarted after ${steps} steps`)
    for (const { adaptor } of pages) await adaptor.close()
  }
})

t.test('a page that was reloaded gets a fresh connection from one whose media still seems to flow', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  world.server.restart()
  anna.network.reachable = false
  anna.socket.cut()
  ben.network.reachable = false
  ben.socket.cut()
  await world.whenIdle()
  const reloaded = world.page(t)
  anna.network.reachable = true
  await world.pass(8_000)
  void reloaded.open().join('room1')
  await world.whenIdle()
  t.ok(inCall(anna, reloaded))
  t.match(reloaded.sent.filter(({ command }) => command === 'takeConfiguration').map(({ type }) => type), ['rollback', 'answer'])
})

t.test('when the other\'s signalling is given up the call goes on while its media flows, and ends when that fails', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  ben.network.reachable = false
  ben.socket.cut()
  await world.pass(21_000)
  t.equal(anna.payloads.find(([info]) => info === 'peerLeft')?.[0], 'peerLeft')
  t.same(anna.remote, ['audio', 'video'])
  anna.connection?.become('failed')
  await world.whenIdle()
  t.same(anna.remote, [])
  t.equal(anna.connection, null)
})

t.test('who comes back after its seat was given up is in the same call again', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const connections = [anna.connection, ben.connection]
  ben.network.reachable = false
  ben.socket.cut()
  await world.pass(25_000)
  ben.network.reachable = true
  ben.window.fire('online')
  await world.whenIdle()
  t.same([anna.connection, ben.connection], connections)
  t.ok(inCall(anna, ben))
  await ben.adaptor.turnOffLocalCamera()
  await world.whenIdle()
  t.same(anna.remote, ['audio'])
})

t.test('a socket that carries nothing any more is found out by a ping, and replaced', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  anna.socket.freeze()
  await world.pass(27_000)
  t.equal(anna.network.sockets.length, 1)
  await world.pass(2_000)
  t.equal(anna.network.sockets.length, 2)
  t.equal(anna.network.sockets[0]?.closedWith, 4000, 'with a code that no server takes for a goodbye')
  t.ok(inCall(anna, ben))
})

t.test('when the network is back or the page is seen again, a waiting connection is tried at once and an open one is proven', async t => {
  for (const wake of [(page: FakePage) => page.window.fire('online'), (page: FakePage) => page.document.fire('visibilitychange')]) {
    const world = new World()
    const [anna] = await world.call(t)
    anna.network.reachable = false
    anna.socket.cut()
    await world.pass(5_000)
    anna.network.reachable = true
    const before = anna.network.sockets.length
    wake(anna)
    await world.whenIdle()
    t.equal(anna.network.sockets.length, before + 1)
    t.equal(anna.adaptor.connectionState, 'open')
    await world.pass(6_000)
    anna.socket.freeze()
    wake(anna)
    await world.pass(3_000)
    t.equal(anna.network.sockets.length, before + 2)
  }
})

t.test('offline is a reason to ask, not to believe', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  anna.window.fire('offline')
  await world.pass(5_000)
  t.equal(anna.network.sockets.length, 1)
  anna.socket.freeze()
  anna.window.fire('offline')
  await world.pass(3_000)
  t.equal(anna.network.sockets.length, 2)
})

t.test('a page that is hidden leaves, and one that comes back from the cache is in its room again', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  anna.window.fire('pagehide', { persisted: true })
  await world.whenIdle()
  t.equal(anna.socket.closedWith, 1000)
  t.equal(ben.connection, null)
  t.equal(anna.connection, null)
  anna.window.fire('pageshow', { persisted: false })
  await world.pass(20_000)
  t.equal(anna.network.open.length, 0, 'only a page from the cache has anything to come back to')
  anna.window.fire('pageshow', { persisted: true })
  await world.whenIdle()
  t.ok(inCall(anna, ben))
  t.equal(anna.told.at(-1) === 'closed', false)
})

t.test('a leave while away is remembered: the seat is freed as soon as the server can be told', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  anna.network.reachable = false
  anna.socket.cut()
  await world.whenIdle()
  await anna.adaptor.leave()
  t.equal(anna.told.at(-1), 'leaved')
  t.equal(anna.connection, null)
  t.not(ben.connection, null)
  anna.network.reachable = true
  await world.pass(1_000)
  t.equal(ben.connection, null)
  t.equal(world.server.rooms.find('app', 'room1')?.seats.length, 1)
  t.equal(anna.count('joined'), 1)
  t.same(anna.errorNames, [])
})

t.test('leave and join while away make a new seat', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  anna.network.reachable = false
  anna.socket.cut()
  await world.whenIdle()
  void anna.adaptor.leave()
  const joined = anna.adaptor.join('room1')
  anna.network.reachable = true
  await world.pass(1_000)
  t.match(await joined, { resumed: false })
  t.ok(inCall(anna, ben))
  t.equal(world.server.rooms.find('app', 'room1')?.seats.length, 2)
})

t.test('a leave whose answer is lost, or that never arrived, keeps nobody out', async t => {
  for (const heard of [true, false]) {
    const world = new World()
    const [anna] = await world.call(t)
    const left = anna.adaptor.leave()
    if (heard) anna.socket.carryUp()
    anna.socket.cut()
    await world.pass(2_000)
    await left
    t.equal(world.server.rooms.find('app', 'room1')?.seats.length, 1)
    const cleo = world.page(t)
    await Promise.all([cleo.open().join('room1'), world.whenIdle()])
  }
})

t.test('a join whose answer was lost and that is left again keeps nobody out', async t => {
  const world = new World()
  const anna = world.page(t)
  anna.open()
  await world.whenIdle()
  const joining = anna.adaptor.join('room1')
  anna.socket.carryUp()
  anna.network.reachable = false
  anna.socket.cut()
  t.equal(world.server.rooms.find('app', 'room1')?.seats.length, 1)
  void anna.adaptor.leave()
  await t.rejects(joining, { name: 'AbortError' })
  anna.network.reachable = true
  await world.pass(2_000)
  t.equal(world.server.rooms.find('app', 'room1'), undefined)
})

t.test('without resume nothing is kept, and a lost socket is a new seat', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t, { resume: false })
  anna.socket.cut()
  await world.pass(1_000)
  t.notOk(anna.sent.some(frame => 'resume' in frame || 'resumeToken' in frame || 'claim' in frame))
  t.same(anna.payloads.find(([info]) => info === 'reconnected')?.[1], { resumed: false, peers: 1 })
  t.ok(inCall(anna, ben))
})

t.test('too many messages while away are refused rather than kept without end', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  anna.network.reachable = false
  anna.socket.cut()
  await world.whenIdle()
  const all = Array.from({ length: 10_100 }, async (_, data) => anna.adaptor.sendPeerMessage('n', data))
  // Those that wait are given up with the room.
  await anna.adaptor.leave()
  const reasons = (await Promise.allSettled(all)).map(each => each.status === 'rejected' ? String((each.reason as Error).name) : 'sent')
  const kept = reasons.indexOf('QuotaExceededError')
  // Those of the call that the server has not confirmed yet count as well.
  t.ok(kept > 9_900 && kept <= 10_000, `${kept} are kept`)
  t.same(new Set(reasons.slice(0, kept)), new Set(['AbortError']))
  t.same(new Set(reasons.slice(kept)), new Set(['QuotaExceededError']))
  t.same(anna.errorNames, reasons.slice(kept), 'each refusal is told once, and what the application did itself is not')
})

t.test('a promise that a closed connection leaves pending holds nothing up', async t => {
  for (const stuck of [0, 1]) {
    const world = new World()
    const pages = [world.page(t), world.page(t)] as const
    let operations = 0
    // The first operations of the call hang, and with them the side that waits for them.
    world.ice.pause = () => operations++ === stuck ? new Promise(() => {}) : Promise.resolve()
    for (const page of pages) void page.open().join('room1')
    await world.whenIdle()
    t.notOk(inCall(...pages))
    world.server.restart()
    for (const { network } of pages) network.last.cut()
    await world.pass(3_000)
    t.ok(inCall(...pages))
  }
})

t.test('an offer that nobody could answer is taken back when the other joins anew', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  ben.network.reachable = false
  ben.socket.cut()
  await world.whenIdle()
  await anna.adaptor.turnOffLocalCamera()
  await world.pass(25_000)
  t.equal(anna.connection?.signalingState, 'have-local-offer')
  ben.network.reachable = true
  await world.pass(8_000)
  t.ok(inCall(anna, ben))
  t.same(ben.remote, ['audio'])
  t.equal(world.ice.connections.length, 2)
})

t.test('a seat that was left is not asked for again, be it because the server has heard so or because its time is over', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  await Promise.all([anna.adaptor.leave(), world.whenIdle()])
  anna.socket.cut()
  await world.pass(1_000)
  t.equal(anna.sent.filter(({ command }) => command === 'join').length, 1)
  void anna.adaptor.join('room1')
  await world.whenIdle()
  anna.network.reachable = false
  anna.socket.cut()
  await world.whenIdle()
  await anna.adaptor.leave()
  await world.pass(25_000)
  anna.network.reachable = true
  await world.pass(8_000)
  t.equal(anna.adaptor.connectionState, 'open')
  t.equal(anna.sent.filter(({ command }) => command === 'join').length, 2)
})

t.test('a leave whose connection is lost is over at once', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  const left = anna.adaptor.leave()
  anna.network.reachable = false
  anna.socket.cut()
  await left
  t.equal(anna.told.at(-1), 'reconnecting')
  t.equal(anna.count('leaved'), 1)
})

t.test('a leave that the server refuses for coming too fast is said again, until it is taken', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  let refusals = 3
  world.server.receive = (text, link) => {
    if (text.includes('"leave"') && refusals-- > 0) link.tooFast(text)
    else link.take(text)
  }
  let left = false
  void anna.adaptor.leave().then(() => { left = true })
  await world.whenIdle()
  t.notOk(left)
  void anna.adaptor.join('room1')
  void anna.adaptor.leave()
  void anna.adaptor.join('room1')
  await world.pass(10_000)
  t.ok(left)
  t.equal(anna.sent.filter(({ command }) => command === 'leave').length, 4)
  t.ok(inCall(anna, ben), 'and what was asked for meanwhile is done')
  t.same([...anna.errorNames, ...ben.errorNames], [])
  t.equal(anna.network.sockets.length, 1)
  void anna.adaptor.leave()
  await world.pass(60_000)
  t.equal(anna.sent.filter(({ command }) => command === 'leave').length, 5, 'and not once more')
})

t.test('a leave that was refused waits until the server\'s own limits allow another', async t => {
  const world = new World()
  world.server.limits = { messagesPerSecond: 1, messageBurst: 6, bytesPerSecond: 1e6, byteBurst: 1e6, frameBytes: 1e6, waitingFrames: 1e6 }
  const anna = world.page(t)
  void anna.open().join('room1')
  await world.whenIdle()
  let refused = false
  world.server.receive = (text, link) => {
    if (text.includes('"leave"') && !refused) {
      refused = true
      link.tooFast(text)
    } else link.take(text)
  }
  const left = anna.adaptor.leave()
  await world.pass(1_000)
  t.equal(anna.sent.filter(({ command }) => command === 'leave').length, 1)
  await world.pass(60_000)
  await left
  t.equal(anna.sent.filter(({ command }) => command === 'leave').length, 2)
})
