import t from 'tap'
import { AdaptorError, type WebRTCAdaptor } from '../../lib/client/webrtc-adaptor.js'
import { heard, World } from '../helpers/fakes/client-world.js'

// What a signal ends that is waited for, and what close() leaves behind: nothing.

/** What a promise ends with. */
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'done', error => error)

t.test('a join that is aborted rejects at once with the reason as cause, and the seat is given up whenever its signal aborted', async t => {
  for (const when of ['before it is called', 'without a connection', 'on its way', 'after it'] as const) {
    const world = new World()
    const page = world.page(t)
    if (when === 'without a connection') page.network.reachable = false
    const adaptor = page.open()
    if (when !== 'on its way') await world.whenIdle()
    const controller = new AbortController()
    const reason = new Error('The person has changed their mind.')
    if (when === 'before it is called') controller.abort(reason)
    const joined = outcome(adaptor.join('room1', { signal: controller.signal }))
    if (when === 'after it') await world.whenIdle()
    controller.abort(reason)
    if (when === 'after it') {
      t.equal(await joined, 'done')
      t.equal(adaptor.roomName, 'room1', 'a signal ends what is waited for, and no more')
    } else {
      const error = await joined
      t.ok(error instanceof AdaptorError)
      t.match(error, { name: 'AbortError', cause: reason }, when)
      page.network.reachable = true
      await world.pass(10_000)
      t.equal(adaptor.roomName, null, when)
      const other = world.page(t).open()
      const [{ peers }] = await Promise.all([other.join('room1'), world.whenIdle()])
      t.equal(peers, 0, when)
    }
  }
})

t.test('the signal of a join that another one has taken the place of ends nothing', async t => {
  const world = new World()
  const adaptor = world.page(t).open()
  const controller = new AbortController()
  const first = outcome(adaptor.join('room1', { signal: controller.signal }))
  void adaptor.join('room2')
  controller.abort()
  t.match(await first, { name: 'AbortError' })
  await world.whenIdle()
  t.equal(adaptor.roomName, 'room2')
})

t.test('the token of a join is its second argument, or one of its options, or the adaptor\'s', async t => {
  const world = new World()
  const page = world.page(t)
  const adaptor = page.open({ token: 'of the adaptor' })
  const { signal } = new AbortController()
  for (const given of [undefined, 'of the join', { token: 'of the options' }, { signal }, null, { token: null }]) {
    await Promise.all([adaptor.join('room1', given), world.whenIdle()])
    await Promise.all([adaptor.leave(), world.whenIdle()])
  }
  t.same(page.sent.filter(({ command }) => command === 'join').map(({ token }) => token), [
    'of the adaptor', 'of the join', 'of the options', 'of the adaptor', undefined, undefined
  ])
})

t.test('a message whose signal aborts while it waits is not sent, and those around it are', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  anna.network.reachable = false
  anna.socket.cut()
  await world.whenIdle()
  const controller = new AbortController()
  const sent = [
    anna.adaptor.sendPeerMessage('chat', 1), anna.adaptor.sendPeerMessage('chat', 2, { signal: controller.signal }), anna.adaptor.sendPeerMessage('chat', 3)
  ].map(outcome)
  controller.abort()
  t.match(await sent[1], { name: 'AbortError' })
  anna.network.reachable = true
  await world.pass(10_000)
  t.same(await Promise.all([sent[0], sent[2]]), ['done', 'done'])
  t.same(heard(ben), [1, 3])
  t.match(await outcome(anna.adaptor.sendPeerMessage('chat', 4, { signal: controller.signal })), { name: 'AbortError' })
})

t.test('close() leaves no track, timer, listener, socket or peer connection, with all that can run, and at whatever moment', async t => {
  type Busy = (adaptor: WebRTCAdaptor) => unknown
  const moments: Record<string, Busy | null> = {
    'before anything is there': null,
    'in a call': () => {},
    'with statistics and a list of devices': async adaptor => { await Promise.all([adaptor.enableStats(), adaptor.getDevices()]) },
    'while a part is being loaded': adaptor => { adaptor.enableStats().catch(() => {}) },
    'while the screen is shared': async adaptor => { await adaptor.switchDesktopCapture() },
    'while data waits': async adaptor => { adaptor.sendData('room1', 'x'.repeat(100)).catch(() => {}) },
    'while a device is fetched': adaptor => { adaptor.turnOffLocalCamera().then(() => adaptor.turnOnLocalCamera()).catch(() => {}) }
  }
  for (const [moment, keepBusy] of Object.entries(moments)) {
    const world = new World()
    const [anna, ben] = keepBusy === null ? [world.page(t), world.page(t)] : await world.call(t)
    if (keepBusy === null) for (const page of [anna, ben]) page.open()
    await keepBusy?.(anna.adaptor)
    const closed = [anna.adaptor.close(), ben.adaptor.close(), anna.adaptor.close()]
    await world.whenIdle()
    await Promise.all(closed)
    t.equal(world.clock.pending, 0, `${moment}: timers`)
    for (const page of [anna, ben]) {
      t.same(page.devices.tracks.filter(({ readyState }) => readyState === 'live'), [], `${moment}: tracks`)
      t.equal(page.window.listening + page.document.listening + page.devices.listening, 0, `${moment}: listeners`)
      t.ok(page.network.sockets.every(({ readyState }) => readyState > 1), `${moment}: sockets`)
    }
    t.ok(world.ice.connections.every(({ connectionState }) => connectionState === 'closed'), `${moment}: peer connections`)
    t.equal(anna.count('closed'), 1)
    t.ok(anna.errorNames.every(name => name === 'InvalidStateError'), `${moment}: only what was asked for and is not done any more fails`)
  }
})

t.test('an adaptor ends with its block where it is made by `await using`', async t => {
  const world = new World()
  const page = world.page(t)
  const adaptor = page.open()
  // `await using adaptor` stands for this. Node 20 does not know it, and what compiles the tests leaves it as it is.
  try {
    await Promise.all([adaptor.join('room1'), world.whenIdle()])
  } finally {
    await adaptor[Symbol.asyncDispose]()
  }
  await world.whenIdle()
  t.same([page.adaptor.connectionState, page.devices.live, world.clock.pending], ['closed', [], 0])
})
