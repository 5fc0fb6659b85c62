import t from 'tap'
import { browserEnvironment } from '../../lib/client/base/environment.js'
import { AdaptorError, WebRTCAdaptor } from '../../lib/client/webrtc-adaptor.js'
import { World } from '../helpers/fakes/client-world.js'

t.test('initialized is told once, when both the media and the connection are there', async t => {
  for (const first of ['media', 'connection'] as const) {
    const world = new World()
    const page = world.page(t)
    page.devices.slow = true
    page.network.reachable = false
    page.open()
    await world.whenIdle()
    if (first === 'media') page.devices.answer()
    else page.network.reachable = true
    await world.pass(1_600)
    t.equal(page.count('initialized'), 0)
    page.devices.answer()
    page.network.reachable = true
    await world.pass(10_000)
    t.equal(page.count('initialized'), 1)
    page.socket.cut()
    await world.pass(10_000)
    t.equal(page.count('initialized'), 1)
  }
})

t.test('the address is the option\'s, or the page\'s directory', async t => {
  const rows: Array<[string | undefined, string, string]> = [
    [undefined, 'https://example.org/WebRTCApp4/peer.html?room=1#top', 'wss://example.org/WebRTCApp4'],
    [undefined, 'http://localhost:8081/WebRTCApp4/peer.html', 'ws://localhost:8081/WebRTCApp4'],
    [undefined, 'https://example.org/deep/prefix/app/', 'wss://example.org/deep/prefix/app'],
    ['ws://other:5080/app/websocket?x=1', 'https://example.org/page', 'ws://other:5080/app/websocket?x=1'],
    ['https://other/app', 'https://example.org/page', 'wss://other/app'],
    ['/app', 'https://example.org/page', 'wss://example.org/app'],
    ['app/websocket', 'https://example.org/prefix/page.html', 'wss://example.org/prefix/app/websocket']
  ]
  for (const [given, location, url] of rows) {
    const world = new World()
    const page = world.page(t)
    page.environment.location = location
    page.open({ websocket_url: given })
    t.equal(page.socket.url, url)
  }
})

t.test('an address that is none is refused by the constructor, and one that the browser refuses is told', async t => {
  const world = new World()
  const page = world.page(t)
  t.throws(() => page.open({ websocket_url: 'http://[' }), { name: 'SyntaxError' })
  page.environment.WebSocket = class {
    constructor () {
      throw new DOMException('An insecure WebSocket may not be opened from a page from https.', 'SecurityError')
    }
  } as unknown as typeof WebSocket
  page.open()
  await world.whenIdle()
  t.same(page.errorNames, ['WebSocketNotConnected'])
  t.match(page.errors[0]?.cause, { name: 'SecurityError' })
  t.equal(page.count('closed'), 1)
})

t.test('join without a room, and a leave of another room, are refused', async t => {
  const world = new World()
  const page = world.page(t)
  const adaptor = page.open()
  await t.rejects(adaptor.join(''), { name: 'noStreamNameSpecified' })
  await t.rejects(adaptor.join(undefined as unknown as string), { name: 'noStreamNameSpecified' })
  void adaptor.join('room1')
  await world.whenIdle()
  await t.rejects(adaptor.leave('room2'), { name: 'notInRoom' })
  t.equal(adaptor.roomName, 'room1')
  t.same(page.errorNames, ['noStreamNameSpecified', 'noStreamNameSpecified', 'notInRoom'])
})

t.test('to leave where one is not is no error', async t => {
  const world = new World()
  const adaptor = world.page(t).open()
  await adaptor.leave()
  await adaptor.leave('room1')
  await world.whenIdle()
})

t.test('the token is sent with each join, the one given to join before the one of the options', async t => {
  const world = new World()
  const page = world.page(t)
  page.open({ token: 'of the options' })
  void page.adaptor.join('room1')
  await world.whenIdle()
  void page.adaptor.join('room2', 'of join')
  await world.whenIdle()
  page.socket.cut()
  await world.pass(1_000)
  t.same(page.sent.filter(({ command }) => command === 'join').map(({ token }) => token), ['of the options', 'of join', 'of join'])
})

t.test('messages of the application reach the other page, and only from a room', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  await anna.adaptor.sendPeerMessage('chat', { text: 'hello' })
  await anna.adaptor.sendPeerMessage('wave')
  await world.whenIdle()
  t.match(ben.payloads.filter(([info]) => info === 'peerMessageCommand').map(([, payload]) => payload), [
    { definition: 'chat', data: { text: 'hello' } }, { definition: 'wave', data: null }
  ])
  await t.rejects(world.page(t).open().sendPeerMessage('chat'), { name: 'notInRoom' })
  const circle: { circle?: unknown } = {}
  circle.circle = circle
  await t.rejects(anna.adaptor.sendPeerMessage('chat', circle), { name: 'TypeError' })
})

t.test('an error is an event too, of the SDK\'s parts and of a method that fails, each told once beside callbackError', async t => {
  const world = new World()
  const page = world.page(t)
  page.devices.fail = () => 'NotAllowedError'
  const adaptor = page.open()
  const errors: AdaptorError[] = []
  const end = adaptor.on('error', error => errors.push(error))
  await world.whenIdle()
  await t.rejects(adaptor.join(''), { name: 'noStreamNameSpecified' })
  t.same(errors.map(({ name }) => name), ['NotAllowedError', 'noStreamNameSpecified'])
  t.ok(errors.every((error, index) => error instanceof AdaptorError && error === page.errors[index]), 'the same objects')
  t.notOk(page.told.includes('error'), 'callback is not told of errors')
  end()
  await t.rejects(adaptor.join(''), { name: 'noStreamNameSpecified' })
  t.equal(errors.length, 2, 'whoever has stopped listening is told no more')
})

t.test('an error that nobody listens to is thrown nowhere, and one that a listener throws stops no other', async t => {
  const uncaught: unknown[] = []
  const listen = (error: unknown) => { uncaught.push(error) }
  process.on('uncaughtException', listen)
  t.teardown(() => process.off('uncaughtException', listen))
  const world = new World()
  const page = world.page(t)
  const adaptor = page.open({ callbackError: undefined })
  await t.rejects(adaptor.join(''), { name: 'noStreamNameSpecified' })
  await world.whenIdle()
  t.same(uncaught, [])
  const errors: string[] = []
  adaptor.on('error', () => { throw new Error('of a listener') })
  adaptor.on('error', ({ name }) => errors.push(name))
  await t.rejects(adaptor.join(''), { name: 'noStreamNameSpecified' })
  await world.whenIdle()
  t.same(errors, ['noStreamNameSpecified'])
  t.match(uncaught, [{ message: 'of a listener' }], 'it becomes the page\'s own error, as from any event listener')
})

t.test('a promise that nobody awaits makes no unhandled rejection', async t => {
  const unhandled: unknown[] = []
  const listen = (reason: unknown) => { unhandled.push(reason) }
  process.on('unhandledRejection', listen)
  t.teardown(() => process.off('unhandledRejection', listen))
  const world = new World()
  const page = world.page(t)
  page.devices.fail = () => 'NotAllowedError'
  page.open({ reconnect: () => null })
  await world.whenIdle()
  world.server.admit = () => ({ refused: 'unauthorized_access' })
  void page.adaptor.join('room1')
  void page.adaptor.join('')
  void page.adaptor.sendPeerMessage('chat')
  await world.whenIdle()
  void page.adaptor.turnOnLocalCamera()
  void page.adaptor.leave('room2')
  await world.whenIdle()
  void page.adaptor.close()
  void page.adaptor.join('room1')
  void page.adaptor.unmuteLocalMic()
  await world.whenIdle()
  t.ok(page.errors.length >= 4)
  t.same(unhandled, [])
})

t.test('what callback throws is the page\'s own error, and disturbs nothing', async t => {
  const thrown: unknown[] = []
  const world = new World()
  const page = world.page(t)
  t.intercept(globalThis, 'queueMicrotask', {
    value: (run: () => void) => {
      try {
        run()
      } catch (error) {
        thrown.push(error)
      }
    }
  })
  page.open({
    callback: (info: string) => {
      page.told.push(info)
      throw new Error(`in ${info}`)
    }
  })
  page.adaptor.on('joined', () => { throw new Error('in a listener') })
  const joining = page.adaptor.join('room1')
  await world.whenIdle()
  t.match(await joining, { definition: 'joined' })
  t.ok(page.told.includes('initialized'))
  t.ok(thrown.length >= 3)
  await page.adaptor.close()
})

t.test('close ends everything: the call, the seat, the connection, camera and microphone, timers and listeners', async t => {
  const world = new World()
  world.server.ice = { iceServers: [], turn: { urls: 'turn:a', username: 'me', credential: 'x', ttl: 600 } }
  const [anna, ben] = await world.call(t)
  anna.connection?.become('disconnected')
  ben.network.reachable = false
  ben.socket.cut()
  await world.pass(500)
  for (const page of [anna, ben]) {
    await page.adaptor.close()
    await page.adaptor.close()
    t.equal(page.count('closed'), 1)
    t.same(page.devices.live, [])
    t.equal(page.window.listening + page.document.listening, 0)
    t.equal(page.elements.localVideo?.srcObject, null)
    t.equal(page.elements.remoteVideo?.srcObject, null)
    t.equal(page.adaptor.connectionState, 'closed')
    t.equal(page.adaptor.roomName, null)
  }
  await world.whenIdle()
  t.equal(world.server.rooms.find('app', 'room1')?.seats.length, 1, 'the one that could not be told of')
  t.equal(world.clock.pending, 1, 'and its deadline is the one timer left')
  t.ok(world.ice.connections.every(({ closed }) => closed))
  await t.rejects(anna.adaptor.join('room1'), { name: 'WebSocketNotConnected' })
  anna.window.fire('pageshow', { persisted: true })
  anna.window.fire('online')
  await world.pass(60_000)
  t.equal(anna.network.open.length + ben.network.open.length, 0)
  t.equal(world.clock.pending, 0)
})

t.test('a join that waits when the adaptor is closed is refused', async t => {
  const world = new World()
  const page = world.page(t)
  page.network.reachable = false
  const joining = page.open().join('room1')
  await page.adaptor.close()
  await t.rejects(joining, { name: 'WebSocketNotConnected' })
  t.equal(world.clock.pending, 0)
})

t.test('no option is copied onto the adaptor', async t => {
  const world = new World()
  const page = world.page(t)
  const adaptor = page.open({ join: 'mine', anything: 1 } as object)
  t.equal(typeof adaptor.join, 'function')
  t.notOk('anything' in adaptor)
})

t.test('on and off are typed events beside the callbacks', async t => {
  const world = new World()
  const page = world.page(t)
  const rooms: string[] = []
  const off = page.open().on('joined', ({ streamId }) => rooms.push(streamId))
  void page.adaptor.join('room1')
  await world.whenIdle()
  off()
  void page.adaptor.join('room2')
  await world.whenIdle()
  t.same(rooms, ['room1'])
  t.match(page.adaptor.peerConnection, null)
  t.ok(page.adaptor.localStream)
})

t.test('of a browser no more is asked than a connection, a call and a stream', async t => {
  const names = ['WebSocket', 'RTCPeerConnection', 'MediaStream'] as const
  for (const name of names) t.intercept(globalThis, name, { value: class {}, configurable: true })
  const environment = browserEnvironment()
  t.equal(environment.window, undefined)
  t.equal(environment.document, undefined)
  t.match(environment.secret(), /^[0-9a-f]{32}$/)
  t.not(environment.secret(), environment.secret())
  const handle = environment.setTimeout(() => t.fail('cancelled timers do not fire'), 0)
  environment.clearTimeout(handle)
  t.ok(environment.now() > 0)
  t.ok(environment.random() < 1)
  t.throws(() => new WebRTCAdaptor(), { name: 'SyntaxError' })
})

for (const missing of ['WebSocket', 'RTCPeerConnection', 'MediaStream'] as const) {
  t.test(`where there is no ${missing}, to make an adaptor throws an error of ours that says so in words`, async t => {
    for (const name of ['WebSocket', 'RTCPeerConnection', 'MediaStream'] as const) {
      t.intercept(globalThis, name, { value: name === missing ? undefined : class {}, configurable: true })
    }
    let thrown: unknown
    try {
      // eslint-disable-next-line no-new
      new WebRTCAdaptor({ websocket_url: 'ws://localhost/app' })
    } catch (error) {
      thrown = error
    }
    t.type(thrown, AdaptorError)
    t.match(thrown, { name: 'NotSupportedError', definition: 'NotSupportedError', message: new RegExp(`needs a browser with WebRTC, and there is no ${missing} here`) })
  })
}

t.test('the classic script defines the global', async t => {
  await import('../../lib/client/global.js')
  t.equal((globalThis as { WebRTCAdaptor?: unknown }).WebRTCAdaptor, WebRTCAdaptor)
})
