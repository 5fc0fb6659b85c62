import t, { type Test } from 'tap'
import { FINDINGS } from '../../lib/client/extras/check/findings.js'
import { WebRTCAdaptor, type CheckOptions, type CheckReport, type CheckStep } from '../../lib/client/webrtc-adaptor.js'
import { World, type FakePage } from '../helpers/fakes/client-world.js'

// The check before a call, on fakes: devices, the server's answers, and that nothing is left running.
// Its STUN and TURN servers are in test/browser/check.test.ts.

/** A TURN server that never answers: the fakes know none. */
const SILENT = { urls: 'turn:192.0.2.1', username: 'name', credential: 'secret' }

interface Run {
  world: World
  page: FakePage
  told: CheckStep[]
  done: Promise<CheckReport>
}

function begin (t: Test, options: CheckOptions = {}, prepare: (page: FakePage, world: World) => void = () => {}): Run {
  const world = new World()
  const page = world.page(t)
  prepare(page, world)
  const told: CheckStep[] = []
  const done = WebRTCAdaptor.check({ ...options, onStep: step => { told.push(step); options.onStep?.(step) } }, page.environment)
  done.catch(() => {})
  return { world, page, told, done }
}

/** Lets the world go on until the check is over. */
async function finish ({ world, done }: Pick<Run, 'world' | 'done'>): Promise<CheckReport> {
  const over = done.then(() => true, () => true)
  const go = world.pass(1_000).then(() => false)
  return await Promise.race([over, go]) ? await done : await finish({ world, done })
}

const outcome = ({ steps }: CheckReport) => Object.fromEntries(steps.map(({ name, status, code }) => [name, code === undefined ? status : `${status}: ${code}`]))

/** What the check has open or set. */
function left ({ world, page }: Run) {
  return {
    timers: world.clock.pending,
    tracks: page.devices.live,
    sockets: page.network.sockets.filter(({ readyState }) => readyState < 2).length,
    connections: world.ice.connections.filter(({ signalingState }) => signalingState !== 'closed').length
  }
}

const NOTHING = { timers: 0, tracks: [], sockets: 0, connections: 0 }

t.test('Each step is told as it begins and as it ends, and nothing is left running', async t => {
  const run = begin(t)
  const report = await finish(run)
  t.same(outcome(report), {
    browser: 'passed',
    securePage: 'passed',
    camera: 'passed',
    microphone: 'passed',
    webSocket: 'passed',
    iceServer: 'skipped: noIceServer',
    relayedCall: 'skipped: noTurnServer'
  })
  t.equal(report.ok, true)
  t.same(run.told.map(({ name, status }) => `${name} ${status}`), [
    'browser running', 'browser passed', 'securePage running', 'securePage passed', 'camera running', 'microphone running',
    'camera passed', 'microphone passed', 'webSocket running', 'webSocket passed', 'iceServer running', 'iceServer skipped',
    'relayedCall running', 'relayedCall skipped'
  ])
  t.match(report.steps, [{}, {}, { device: 'video 1' }, { device: 'audio 0' }, { roundTrip: Number }])
  t.equal(run.page.devices.requests.length, 1, 'in one prompt')
  t.same(left(run), NOTHING)
})

t.test('Outside a browser the check says so, and does not throw', async t => {
  const report = await WebRTCAdaptor.check()
  t.match(report, { ok: false, steps: [{ name: 'browser', status: 'failed', code: 'noWebRTC', ...FINDINGS.noWebRTC, detail: /WebSocket|RTCPeerConnection/ }] })
  t.equal(report.steps.length, 1)
})

t.test('An option that is not valid fails the first step', async t => {
  const run = begin(t, { websocket_url: 'http://[' })
  t.match(await finish(run), { ok: false, steps: [{ name: 'browser', code: 'invalidOption', detail: /websocket_url/ }] })
})

t.test('A page that is not secure is told so once, and goes on to the server', async t => {
  const run = begin(t, {}, page => { page.environment.mediaDevices = undefined })
  t.match(outcome(await finish(run)), {
    securePage: 'failed: insecurePage', camera: 'skipped: earlierFailure', microphone: 'skipped: earlierFailure', webSocket: 'passed'
  })
})

const FAILURES: Array<[string, string]> = [
  ['NotAllowedError', 'deviceRefused'], ['NotFoundError', 'deviceMissing'], ['NotReadableError', 'deviceBusy'],
  ['OverconstrainedError', 'deviceUnfit'], ['SecurityError', 'deviceFailed']
]
for (const [error, code] of FAILURES) {
  t.test(`A camera that fails with ${error} is ${code}, and says nothing of the microphone`, async t => {
    const run = begin(t, {}, ({ devices, permissions }) => {
      devices.fail = ({ video }) => video === undefined ? null : error
      permissions.camera = 'denied'
    })
    const report = await finish(run)
    t.match(outcome(report), { camera: `failed: ${code}`, microphone: 'passed' })
    t.match(report.steps[2], { ...FINDINGS[code as 'deviceBusy'], detail: new RegExp(error) })
    t.equal(report.ok, false)
    t.same(left(run), NOTHING)
  })
}

t.test('A person who closes the prompt is not asked again', async t => {
  const run = begin(t, {}, ({ devices, permissions }) => {
    devices.fail = () => 'NotAllowedError'
    permissions.camera = permissions.microphone = 'prompt'
  })
  t.match(outcome(await finish(run)), { camera: 'failed: deviceRefused', microphone: 'failed: deviceRefused' })
  t.equal(run.page.devices.requests.length, 1)
})

t.test('A device that the page does not use is not asked for', async t => {
  const run = begin(t, { mediaConstraints: { audio: true, video: false } })
  t.match(outcome(await finish(run)), { camera: 'skipped: notWanted', microphone: 'passed' })
  t.same(run.page.devices.requests, [{ audio: true, video: false }])
  const watching = begin(t, { isPlayMode: true })
  t.match(outcome(await finish(watching)), { camera: 'skipped: notWanted', microphone: 'skipped: notWanted' })
  t.same(watching.page.devices.requests, [])
})

t.test('A device that gives nothing is told from one that starts late', async t => {
  for (const [late, status] of [[true, 'passed'], [false, 'failed: deviceSilent']] as const) {
    const run = begin(t, { mediaConstraints: { audio: false, video: true } }, ({ devices }) => {
      const { getUserMedia } = devices
      devices.getUserMedia = async constraints => {
        const stream = await getUserMedia(constraints)
        for (const track of stream.getTracks()) {
          track.muted = true
          if (late) run.world.clock.after(2_000, () => track.interrupt(false))
        }
        return stream
      }
    })
    t.match(outcome(await finish(run)), { camera: status })
    t.same(left(run), NOTHING)
  }
})

t.test('A server that says nothing, and one that hangs up, are told apart', async t => {
  const silent = begin(t, { timeout: 3_000 }, (_page, { server }) => { server.receive = () => {} })
  t.match(outcome(await finish(silent)), { webSocket: 'failed: serverSilent', iceServer: 'skipped: earlierFailure', relayedCall: 'skipped: earlierFailure' })
  t.same(left(silent), NOTHING)
  const gone = begin(t, {}, (_page, { server }) => { server.receive = (_text, link) => link.close('goingAway') })
  t.match(outcome(await finish(gone)), { webSocket: 'failed: connectionClosed' })
  t.match((await gone.done).steps[4]?.detail, /^1001/)
  t.same(left(gone), NOTHING)
})

const ANSWERS: Array<[number | null, string]> = [
  [null, 'serverUnreachable'], [404, 'applicationUnknown'], [401, 'accessRefused'], [403, 'accessRefused'], [429, 'serverFull'],
  [502, 'serverUnreachable'], [426, 'upgradeRefused']
]
for (const [status, code] of ANSWERS) {
  t.test(`A WebSocket that does not open is ${code} where a plain request gets ${status ?? 'no answer'}`, async t => {
    const { fetch } = globalThis
    const asked: unknown[] = []
    globalThis.fetch = async url => {
      asked.push(url)
      if (status === null) throw new TypeError('Failed to fetch')
      return new Response('', { status })
    }
    t.teardown(() => { globalThis.fetch = fetch })
    const run = begin(t, {}, ({ network }) => { network.reachable = false })
    t.match(outcome(await finish(run)), { webSocket: `failed: ${code}` })
    t.same(asked, ['https://example.org/app'])
    t.same(left(run), NOTHING)
  })
}

t.test('A secure page with an address that begins with ws: is told so', async t => {
  const run = begin(t, { websocket_url: 'ws://example.org/app' }, ({ network }) => { network.reachable = false })
  t.match(outcome(await finish(run)), { webSocket: 'failed: insecureAddress' })
})

t.test('In a room the check joins before it asks for ICE servers, and leaves at once', async t => {
  const run = begin(t, { roomName: 'check', token: 'ticket' })
  t.match(outcome(await finish(run)), { webSocket: 'passed' })
  t.match(run.page.sent.map(({ command, streamId, token }) => [command, streamId, token]), [
    ['ping'], ['join', 'check', 'ticket'], ['getIceServerConfig'], ['leave', 'check']
  ])
  const refused = begin(t, { roomName: 'no name' })
  t.match(outcome(await finish(refused)), { webSocket: 'failed: joinRefused' })
  t.match((await refused.done).steps[4]?.detail, /invalidStreamName/)
})

t.test('A TURN server without credentials, and one that does not answer, are told apart', async t => {
  const run = begin(t, { peerconnection_config: { iceServers: [{ urls: ['turn:192.0.2.2', 'stun:192.0.2.3'] }, SILENT] } })
  const report = await finish(run)
  t.match(report.steps.slice(5), [
    { name: 'iceServer', url: 'turn:192.0.2.2', code: 'iceServerInvalid' },
    { name: 'iceServer', url: 'stun:192.0.2.3', code: 'answerUnknown', status: 'skipped' },
    { name: 'iceServer', url: 'turn:192.0.2.1', code: 'iceServerUnreachable' },
    { name: 'relayedCall', code: 'noTurnServerWorks', status: 'skipped' }
  ])
  t.notOk(run.page.sent.some(({ command }) => command === 'getIceServerConfig'), 'those of the page are checked')
  t.same(left(run), NOTHING)
})

for (const name of ['browser', 'securePage', 'camera', 'microphone', 'webSocket', 'iceServer', 'relayedCall'] as const) {
  t.test(`Cancelled as the step ${name} begins, the check rejects with the reason, and nothing is left running`, async t => {
    const cancel = new AbortController()
    const reason = new Error('enough')
    const run = begin(t, {
      signal: cancel.signal,
      peerconnection_config: { iceServers: [SILENT] },
      onStep: step => { if (step.name === name) cancel.abort(reason) }
    })
    await t.rejects(finish(run), reason)
    await run.world.whenIdle()
    t.same(left(run), NOTHING)
    t.equal(run.told.at(-1)?.status, 'running', 'and nothing more is told')
  })
}

t.test('Cancelled while a step waits, the check rejects at once, and nothing is left running', async t => {
  for (const waits of ['camera', 'webSocket', 'iceServer'] as const) {
    const cancel = new AbortController()
    const run = begin(t, { signal: cancel.signal, peerconnection_config: { iceServers: [SILENT] } }, ({ devices }, { server, ice }) => {
      devices.slow = waits === 'camera'
      if (waits === 'webSocket') server.receive = () => {}
      // The browser gathers for ever.
      if (waits === 'iceServer') ice.pause = () => new Promise(() => {})
    })
    while (run.told.at(-1)?.name !== (waits === 'camera' ? 'microphone' : waits)) await run.world.whenIdle()
    await run.world.whenIdle()
    const expected = { timers: waits === 'webSocket' ? 1 : 0, sockets: waits === 'webSocket' ? 1 : 0, connections: waits === 'iceServer' ? 1 : 0 }
    t.match(left(run), expected, `${waits} waits`)
    cancel.abort()
    await t.rejects(run.done, { name: 'AbortError' })
    t.same(left(run), NOTHING, waits)
    // The prompt is answered when nobody wants to know any more.
    run.page.devices.answer()
    await run.world.whenIdle()
    t.same(left(run), NOTHING, `${waits}, later`)
    t.equal(run.page.devices.tracks.length, 2, 'the devices were opened')
  }
})

t.test('With a signal that is aborted already nothing is begun', async t => {
  const run = begin(t, { signal: AbortSignal.abort() })
  await t.rejects(run.done, { name: 'AbortError' })
  t.same([run.told, run.page.network.sockets, run.page.devices.requests], [[], [], []])
})

t.test('Every code has a reason and a remedy, each a text of its own of whole sentences', async t => {
  const texts = Object.values(FINDINGS).flatMap(({ reason, remedy }) => [reason, remedy])
  for (const text of texts) t.match(text, /^[A-Z][^]*\.$/)
  t.equal(new Set(Object.values(FINDINGS).map(({ reason }) => reason)).size, Object.keys(FINDINGS).length)
})
