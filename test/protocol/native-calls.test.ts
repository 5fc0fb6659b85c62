import t, { type Test } from 'tap'
import { NativeClient, type ClientName } from '../helpers/native-clients.js'
import { event, SignallingClient } from '../helpers/signalling-client.js'
import { startServer, type SignallingServer } from '../helpers/signalling-server.js'

// Calls between clients that behave as Ant Media's native SDKs do, each with each, and with a wire client like our SDK.

const NAMES: ClientName[] = ['Android', 'iOS', 'Flutter', 'GStreamer', 'React Native on Android', 'our SDK']
const { inCall } = NativeClient

async function call (t: Test, server: SignallingServer, first: ClientName, second: ClientName): Promise<[NativeClient, NativeClient]> {
  const [one, other] = [await NativeClient.connect(t, first, server.address), await NativeClient.connect(t, second, server.address)]
  one.join()
  await one.wire.hears('joined')
  other.join()
  await inCall(one, other)
  return [one, other]
}

function unharmed (t: Test, ...clients: NativeClient[]): void {
  for (const { name, faults, alerts } of clients) t.same({ faults, alerts }, { faults: [], alerts: [] }, `${name} was told nothing that breaks it`)
}

/** Waits until the server has taken everything that this client has said. */
const answered = async ({ wire }: NativeClient): Promise<void> => { await wire.heard() }

for (const first of NAMES) {
  for (const second of NAMES) {
    t.test(`${first} calls ${second}: the first is asked for one offer, and where the second is gone for good it ends as its make does`, async t => {
      const server = await startServer(t)
      const [one, other] = await call(t, server, first, second)
      t.same([one.starts, other.starts], [1, 0])
      unharmed(t, one, other)

      const left = event(server.app, 'left')
      // A seat that can be resumed would wait.
      if (second === 'our SDK') other.hangUp()
      else other.vanish()
      await left
      await one.wire.hears('stop')
      if (first === 'Android') await one.wire.closed
      else t.equal(one.connection === null, first !== 'GStreamer')
      unharmed(t, one)
    })
  }

  for (const next of NAMES) {
    t.test(`${first} sits beside a client that is dead: ${next} takes its place, and they are in a call without anybody's doing`, async t => {
      // It is found dead by the end of its TCP, so that no clock has a say in it.
      const server = await startServer(t, { probeTimeout: 60_000 })
      const one = await NativeClient.connect(t, first, server.address)
      const dead = await SignallingClient.connect(t, server.address, { autoPong: false })
      one.join()
      await one.wire.hears('joined')
      await dead.join('room1')
      await one.wire.hears('start')
      await answered(one)
      // An offer that nobody will answer any more. The next start comes on top of it.
      if (one.connection !== null) one.connection.offering = false
      const other = await NativeClient.connect(t, next, server.address)
      other.join()
      while ((await server.app.rooms.get('app', 'room1'))?.waiting !== 1) await new Promise(setImmediate)
      dead.raw.destroy()
      await inCall(one, other)
      t.equal(one.capturing, true, 'camera and microphone have stayed on')
      t.equal(one.wire.socket.readyState, 1, 'and its socket open')
      unharmed(t, one, other)
    })
  }

  t.test(`${first} in a call with iOS, whose media is lost: iOS joins again, and the call comes back by one offer`, async t => {
    for (const place of ['first', 'second']) {
      const server = await startServer(t)
      const [one, other] = place === 'first' ? await call(t, server, 'iOS', first) : (await call(t, server, first, 'iOS')).reverse() as [NativeClient, NativeClient]
      await Promise.all([answered(one), answered(other)])
      const before = one.starts + other.starts
      const old = one.connection?.id
      one.loseMedia()
      await one.wire.hears('joined')
      await inCall(one, other)
      t.not(one.connection?.id, old)
      t.equal(one.starts + other.starts - before, 1, 'one start')
      unharmed(t, one, other)
      t.equal((await server.app.rooms.get('app', 'room1'))?.peers.length, 2)
    }
  })

  t.test(`iOS's user hangs up, which it tells nobody, and comes back to ${first}`, async t => {
    const server = await startServer(t)
    const [one, other] = await call(t, server, first, 'iOS')
    other.hangUp()
    await answered(other)
    other.join()
    await inCall(one, other)
    unharmed(t, one, other)
  })
}

t.test('Two iOS lose their media at once and join again in either order: no two offers ever meet', async t => {
  const server = await startServer(t)
  const pair = await call(t, server, 'iOS', 'iOS')
  for (let round = 0; round < 20; round++) {
    await Promise.all(pair.map(answered))
    const [one, other] = round % 2 === 0 ? pair : [pair[1], pair[0]]
    one.loseMedia()
    other.loseMedia()
    await Promise.all([one, other].map(async ({ wire }) => wire.hears('joined')))
    await inCall(one, other)
    unharmed(t, one, other)
  }
})

for (const first of NAMES) {
  t.test(`${first} hangs up beside Android: it hears what its make waits for, camera and microphone go off, and the other is told`, async t => {
    const server = await startServer(t)
    const [one, other] = await call(t, server, first, 'Android')
    if (first === 'iOS') return t.pass('its SDK sends no leave')
    await answered(one)
    one.hangUp()
    await one.wire.hears('leaved')
    t.equal(one.capturing, false)
    t.equal(one.wire.frames.some(frame => frame.includes('"stop"')), first === 'Flutter', 'only Flutter hears a `stop` to itself')
    await other.wire.closed
    t.equal((await server.app.rooms.list()).length, 0, 'Android closes its socket at a stop')
    unharmed(t, one, other)
  })
}

t.test('Android leaves and joins in one burst: no `stop` reaches it, and its socket stays open', async t => {
  const server = await startServer(t)
  for (const second of ['our SDK', 'GStreamer', 'React Native on Android'] as const) {
    const [one, other] = await call(t, server, 'Android', second)
    await Promise.all([answered(one), answered(other)])
    one.loseMedia()
    await one.wire.hears('joined')
    await inCall(one, other)
    t.equal(one.wire.socket.readyState, 1)
    t.notOk(one.wire.frames.some(frame => frame.includes('"stop"')))
    unharmed(t, one, other)
    for (const { wire } of [one, other]) {
      wire.send({ command: 'leave', streamId: 'room1' })
      await wire.hears('leaved')
    }
  }
})

t.test('Android that retries without a seat hears `leaved` and `joined`, and no error', async t => {
  const server = await startServer(t)
  const android = await NativeClient.connect(t, 'Android', server.address)
  android.loseMedia()
  t.same(await android.wire.heard(), ['leaved', 'joined'])
  unharmed(t, android)
})
