import fc from 'fast-check'
import t from 'tap'
import { inCall, World, type FakePage } from '../helpers/fakes/client-world.js'
import { turn } from '../helpers/fakes/pending.js'
import { FakeElement } from '../helpers/fakes/fake-media.js'

t.test('a camera that is off is off: its track is stopped, the preview and the other side\'s picture are gone', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const connection = anna.connection
  await anna.adaptor.turnOffLocalCamera('room1')
  await world.whenIdle()
  t.same(anna.devices.live, ['audio'])
  t.same(anna.elements.localVideo?.srcObject?.getTracks().map(({ kind }) => kind), ['audio'])
  t.same(ben.remote, ['audio'])
  t.same([anna.adaptor.cameraOn, anna.adaptor.micOn], [false, true])
  await anna.adaptor.turnOnLocalCamera('room1')
  await world.whenIdle()
  t.same(anna.devices.live, ['audio', 'video'])
  t.same(ben.remote, ['audio', 'video'])
  t.equal(anna.connection, connection, 'in the same call')
  t.ok(inCall(anna, ben))
  t.same(anna.devices.requests, [{ audio: true, video: true }, { video: true }])
})

t.test('an element that showed a picture is loaded anew when the picture goes, or it would keep the last frame', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const seen: Array<string[] | null> = []
  const element = ben.elements.remoteVideo ?? new FakeElement()
  let shown = element.srcObject
  Object.defineProperty(element, 'srcObject', {
    get: () => shown,
    set: (stream: typeof shown) => {
      shown = stream
      seen.push(stream?.getTracks().map(({ kind }) => kind) ?? null)
    }
  })
  await anna.adaptor.turnOffLocalCamera()
  await world.whenIdle()
  t.same(seen, [null, ['audio']])
})

t.test('a muted microphone is given back at once, and fetched again', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const track = anna.devices.tracks.find(({ kind }) => kind === 'audio')
  void anna.adaptor.muteLocalMic('room1')
  t.equal(track?.readyState, 'ended', 'before anything else happens')
  t.equal(anna.adaptor.micOn, false)
  await world.whenIdle()
  t.same(ben.remote, ['video'])
  await anna.adaptor.unmuteLocalMic('room1')
  await world.whenIdle()
  t.same(ben.remote, ['audio', 'video'])
})

t.test('with muteMode silence the microphone is kept and silenced, also where it was muted before it came', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t, { muteMode: 'silence' })
  const track = anna.devices.tracks.find(({ kind }) => kind === 'audio')
  await anna.adaptor.muteLocalMic()
  t.same([track?.readyState, track?.enabled], ['live', false])
  t.equal(anna.adaptor.micOn, false)
  await anna.adaptor.unmuteLocalMic()
  t.same([track?.readyState, track?.enabled, anna.adaptor.micOn], ['live', true, true])
  await world.whenIdle()
  t.same(ben.remote, ['audio', 'video'])
  t.equal(anna.devices.requests.length, 1)

  const early = world.page(t)
  early.devices.slow = true
  early.open({ muteMode: 'silence' })
  void early.adaptor.muteLocalMic()
  early.devices.answer()
  await world.whenIdle()
  t.same(early.devices.tracks.map(({ kind, enabled, readyState }) => [kind, enabled, readyState]), [['audio', false, 'live'], ['video', true, 'live']])
})

t.test('off, on and off in one tick end off, whatever the browser takes to answer; so does every other order end as it was last told', async t => {
  const toggles = fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.nat({ max: 3 })), { minLength: 1, maxLength: 12 })
  await fc.assert(fc.asyncProperty(toggles, fc.boolean(), async (toggles, early) => {
    const world = new World()
    const page = world.page(t)
    page.devices.slow = true
    page.open()
    const { adaptor } = page
    if (!early) {
      page.devices.answer()
      await world.whenIdle()
    }
    const last = { camera: true, microphone: true }
    const all: Array<Promise<void>> = []
    for (const [camera, on, turns] of toggles) {
      if (camera) all.push(on ? adaptor.turnOnLocalCamera() : adaptor.turnOffLocalCamera())
      else all.push(on ? adaptor.unmuteLocalMic() : adaptor.muteLocalMic())
      last[camera ? 'camera' : 'microphone'] = on
      for (let count = 0; count < turns; count++) {
        page.devices.answer()
        await turn()
      }
    }
    do {
      page.devices.answer()
      await world.whenIdle()
    } while (page.devices.waiting > 0)
    await Promise.all(all)
    const wanted = [last.microphone ? 'audio' : '', last.camera ? 'video' : ''].filter(kind => kind !== '').join()
    const fine = page.devices.live.join() === wanted && adaptor.cameraOn === last.camera && adaptor.micOn === last.microphone
    await adaptor.close()
    return fine && page.devices.live.length === 0
  }), { numRuns: 300 })
  t.pass()
})

t.test('what is switched before the room is joined, during the set-up or while away is so in the call', async t => {
  for (const when of ['before', 'during', 'away'] as const) {
    const world = new World()
    const [anna, ben] = [world.page(t), world.page(t)]
    ben.open()
    anna.open()
    if (when === 'before') await anna.adaptor.turnOffLocalCamera()
    void ben.adaptor.join('room1')
    void anna.adaptor.join('room1')
    if (when === 'during') {
      for (let step = 0; step < 4; step++) {
        for (const page of [anna, ben]) page.network.step()
        await turn()
      }
      await anna.adaptor.turnOffLocalCamera()
    }
    await world.whenIdle()
    if (when === 'away') {
      anna.socket.cut()
      await anna.adaptor.turnOffLocalCamera()
      await world.pass(1_000)
    }
    t.same(ben.remote, ['audio'], when)
    t.same(anna.remote, ['audio', 'video'])
    await anna.adaptor.turnOnLocalCamera()
    await world.whenIdle()
    t.same(ben.remote, ['audio', 'video'], when)
    t.ok(inCall(anna, ben))
  }
})

t.test('a browser\'s refusal reaches callbackError once, by the browser\'s own name, and is a call that only watches', async t => {
  for (const name of ['NotAllowedError', 'SecurityError', 'PermissionDeniedError', 'TypeError']) {
    const world = new World()
    const page = world.page(t)
    page.devices.fail = () => name
    page.open({ callback: (info: string) => { if (info === 'initialized') void page.adaptor.join('room1') } })
    await world.whenIdle()
    t.same(page.errors.map(error => [error.name, error.device]), [[name, undefined]])
    const other = world.page(t)
    void other.open().join('room1')
    await world.whenIdle()
    t.same(page.remote, ['audio', 'video'], 'one can still watch')
    page.devices.fail = () => null
    await page.adaptor.unmuteLocalMic()
    await world.whenIdle()
    t.same(other.remote, ['audio'])
  }
})

t.test('who has just refused both devices, or closed the question, is not asked for each of them', async t => {
  const world = new World()
  const page = world.page(t)
  page.permissions = { camera: 'prompt', microphone: 'prompt' }
  page.devices.fail = () => 'NotAllowedError'
  page.open()
  await world.whenIdle()
  t.equal(page.devices.requests.length, 1)
  t.same(page.errorNames, ['NotAllowedError'])
  t.equal(page.count('initialized'), 1)
})

t.test('a camera that is blocked does not take the microphone with it, nor the other way round', async t => {
  for (const [blocked, other] of [['camera', 'microphone'], ['microphone', 'camera']] as const) {
    for (const state of ['granted', 'prompt', undefined] as const) {
      const world = new World()
      const page = world.page(t)
      const kind = blocked === 'camera' ? 'video' : 'audio'
      page.permissions = state === undefined ? {} : { [blocked]: 'denied', [other]: state }
      page.devices.fail = constraints => constraints[kind] === undefined || constraints[kind] === false ? null : 'NotAllowedError'
      page.open()
      await world.whenIdle()
      t.same(page.devices.live, [kind === 'video' ? 'audio' : 'video'])
      t.same(page.errors.map(error => [error.name, error.device]), [['NotAllowedError', blocked]])
      t.equal(page.count('initialized'), 1)
    }
  }
})

t.test('initialized comes after all that can be had, and not before', async t => {
  const world = new World()
  const page = world.page(t)
  page.devices.slow = true
  page.devices.fail = constraints => constraints.audio === true && constraints.video === true ? 'NotReadableError' : null
  page.open()
  for (const had of [0, 1]) {
    page.devices.answer()
    await world.whenIdle()
    t.equal(page.devices.live.length, had)
    t.equal(page.count('initialized'), 0)
  }
  page.devices.answer()
  await world.whenIdle()
  t.same(page.devices.live, ['audio', 'video'])
  t.equal(page.count('initialized'), 1)
})

t.test('two devices that fail for two reasons are told apart, and a name that no table has is told as AbortError', async t => {
  const world = new World()
  const page = world.page(t)
  page.devices.fail = ({ audio }) => audio === true ? 'NotFoundError' : 'InvalidAccessError'
  page.open()
  await world.whenIdle()
  t.same(page.errors.map(error => [error.name, error.device]), [['NotFoundError', 'microphone'], ['AbortError', 'camera']])
  t.match(page.errors[1]?.cause, { name: 'InvalidAccessError' })
  t.equal(page.count('initialized'), 1)
})

t.test('where only one of the two devices is missing or busy, the other is had', async t => {
  for (const name of ['NotFoundError', 'NotReadableError', 'OverconstrainedError', 'DevicesNotFoundError']) {
    for (const missing of ['audio', 'video'] as const) {
      const world = new World()
      const page = world.page(t)
      page.devices.fail = constraints => constraints[missing] === undefined || constraints[missing] === false ? null : name
      page.open()
      await world.whenIdle()
      t.same(page.errors.map(error => [error.name, error.device]), [[name, missing === 'audio' ? 'microphone' : 'camera']], 'told once')
      t.same(page.devices.live, [missing === 'audio' ? 'video' : 'audio'])
      t.equal(page.count('initialized'), 1)
    }
  }
})

t.test('a camera that cannot be had back is told once, and the promise is rejected with the same', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  await anna.adaptor.turnOffLocalCamera()
  anna.devices.fail = () => 'NotReadableError'
  await t.rejects(anna.adaptor.turnOnLocalCamera(), { name: 'NotReadableError' })
  t.same(anna.errorNames, ['NotReadableError'])
  t.equal(anna.adaptor.cameraOn, false)
  anna.devices.fail = () => null
  await anna.adaptor.turnOnLocalCamera()
  t.equal(anna.adaptor.cameraOn, true)
})

t.test('a page that gets no devices from its browser is told SecurityError', async t => {
  const world = new World()
  const page = world.page(t)
  page.environment.mediaDevices = undefined
  page.open()
  await world.whenIdle()
  t.same(page.errorNames, ['SecurityError'])
  await t.rejects(page.adaptor.turnOnLocalCamera(), { name: 'SecurityError' })
})

t.test('a device that is pulled out counts as switched off, and can be switched on again', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  anna.devices.tracks.find(({ kind }) => kind === 'video')?.unplug()
  await world.whenIdle()
  t.equal(anna.adaptor.cameraOn, false)
  t.same(anna.payloads.at(-1), ['local_media_changed', { camera: false, microphone: true }])
  t.same(ben.remote, ['audio'])
  await anna.adaptor.turnOnLocalCamera()
  await world.whenIdle()
  t.same(ben.remote, ['audio', 'video'])
})

t.test('close while the browser still asks leaves no track running', async t => {
  const world = new World()
  const page = world.page(t)
  page.devices.slow = true
  page.open()
  await page.adaptor.close()
  page.devices.answer()
  await world.whenIdle()
  t.same(page.devices.live, [])
})

t.test('what camera and microphone reject with after close is told, once each', async t => {
  const world = new World()
  const page = world.page(t)
  page.open()
  await world.whenIdle()
  await page.adaptor.close()
  const { adaptor } = page
  for (const method of ['turnOnLocalCamera', 'turnOffLocalCamera', 'unmuteLocalMic', 'muteLocalMic'] as const) {
    await t.rejects(adaptor[method](), { name: 'InvalidStateError' })
  }
  t.same(page.errorNames, Array(4).fill('InvalidStateError'))
})

t.test('the elements may be given themselves, or come later than the adaptor, or not at all', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  const mine = new FakeElement()
  const late: FakePage = ben
  late.elements.remoteVideo = null as unknown as FakeElement
  anna.open({ remoteVideoElement: mine as unknown as HTMLVideoElement, localVideoId: 'nowhere' })
  ben.open()
  late.elements.remoteVideo = new FakeElement()
  for (const page of [anna, ben]) {
    void page.adaptor.join('room1')
    await world.whenIdle()
  }
  t.same(mine.srcObject?.getTracks().map(({ kind }) => kind).sort(), ['audio', 'video'])
  t.same(ben.remote, ['audio', 'video'])
})

t.test('an adaptor takes its own picture off an element that another shares with it, and no other', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const [cleo, dan] = [world.page(t), world.page(t)]
  cleo.elements.remoteVideo = anna.elements.remoteVideo as FakeElement
  cleo.elements.localVideo = anna.elements.localVideo as FakeElement
  for (const page of [cleo, dan]) {
    void page.open().join('room2')
    await world.whenIdle()
  }
  const shown = () => [cleo.elements.remoteVideo?.srcObject, cleo.elements.localVideo?.srcObject] as unknown[]
  const hers = () => [cleo.adaptor.remoteStream, cleo.adaptor.localStream] as unknown[]
  t.same(hers().every(stream => stream !== null), true)
  t.strictSame(shown(), hers(), 'the last one that came is on show')
  await ben.adaptor.turnOffLocalCamera()
  await anna.adaptor.turnOffLocalCamera()
  await world.whenIdle()
  t.ok(shown().every((stream, index) => stream === hers()[index]), 'a camera that goes in the other call takes nothing away')
  await anna.adaptor.close()
  t.ok(shown().every((stream, index) => stream === hers()[index]))
  await cleo.adaptor.close()
  t.same(shown(), [null, null])
})
