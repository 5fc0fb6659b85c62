import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance } from 'fastify'
import webrtcSignalling from '../../lib/index.js'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launch, visit } from '../helpers/browser.js'
import { start } from '../helpers/start.js'
import { Server } from './processes.js'
import { quantile } from './quantile.js'
import { markdown } from './report.js'

// How long from the second person's joining until that person sees the first frame of the other: ours, Ant Media's SDK and PeerJS, each with its own
// server (Ant Media's with ours), in the same browser, in turn and round after round: `npm run bench:first-frame`. ROUNDS=10 is how many.
// Both people's cameras are on, their scripts loaded and their sockets open before the clock starts. LiveKit has no part: its client needs its
// own media server, which is to be had neither from npm nor from Debian.

const ROUNDS = Number(process.env.ROUNDS ?? 10)
/** Time between two frames of Chromium's fake camera, ms. */
const CAMERA_FRAME = 50
const here = dirname(fileURLToPath(import.meta.url))
const bench = createRequire(import.meta.url)
const SCRIPTS = {
  ant: join(dirname(bench.resolve('@antmedia/webrtc_adaptor/package.json')), 'dist/browser/webrtc_adaptor.js'),
  mediapipe: createRequire(bench.resolve('@antmedia/webrtc_adaptor/package.json')).resolve('@mediapipe/selfie_segmentation'),
  peerjs: join(here, 'node_modules/peerjs/dist/peerjs.min.js')
}

/** What every page has: `ready` when it could join, `enter(room, second)`, and when the first frame of the other one was shown. */
interface Contestant {
  readonly name: string
  readonly scripts: readonly string[]
  readonly program: string
}

const adaptor = (constructor: string, more: string): string => `
  window.ready = new Promise(resolve => {
    window.adaptor = new ${constructor}({
      websocket_url: 'ws://' + location.host + '/app',
      mediaConstraints: { video: true, audio: true },
      ${more}
      localVideoId: 'localVideo',
      remoteVideoId: 'remoteVideo',
      callback: info => { if (info === 'initialized') resolve() },
      callbackError: error => console.warn(String(error))
    })
  })
  window.enter = room => { window.adaptor.join(room) }`

const CONTESTANTS: readonly Contestant[] = [
  { name: 'ours', scripts: ['/app/js/webrtc_adaptor.js'], program: adaptor('WebRTCAdaptor', '') },
  {
    name: 'Ant Media\'s SDK, our server',
    scripts: ['/mediapipe', '/ant'],
    program: adaptor('webrtc_adaptor.WebRTCAdaptor', 'peerconnection_config: {}, sdp_constraints: { OfferToReceiveAudio: true, OfferToReceiveVideo: true },')
  },
  {
    name: 'PeerJS and its server',
    scripts: ['/peerjs'],
    program: `
  const show = call => call.on('stream', stream => { document.getElementById('remoteVideo').srcObject = stream })
  const name = new URLSearchParams(location.search).get('name')
  window.ready = (async () => {
    window.stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true })
    document.getElementById('localVideo').srcObject = window.stream
    window.peer = new Peer(name, { host: '127.0.0.1', port: Number(new URLSearchParams(location.search).get('port')), path: '/', config: { iceServers: [] } })
    await new Promise(resolve => window.peer.on('open', resolve))
  })()
  window.enter = (room, second) => {
    if (second) show(window.peer.call(room + '-first', window.stream))
    else window.peer.on('call', call => { show(call); call.answer(window.stream) })
  }`
  }
]

async function serve (): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifyStatic, { root: here, serve: false })
  for (const [name, path] of Object.entries(SCRIPTS)) app.get(`/${name}`, (_request, reply) => reply.type('text/javascript').sendFile(basename(path), dirname(path)))
  CONTESTANTS.forEach(({ scripts, program }, index) => app.get(`/page/${index}`, (_request, reply) => reply.type('text/html').send(`<!doctype html>
<link rel="icon" href="data:,">${scripts.map(script => `<script src="${script}"></script>`).join('')}
<video id="localVideo" autoplay muted playsinline></video><video id="remoteVideo" autoplay playsinline></video>
<script>
  window.shown = new Promise(resolve => document.getElementById('remoteVideo').requestVideoFrameCallback(() => resolve(performance.timeOrigin + performance.now())))
${program}
</script>`)))
  await app.register(webrtcSignalling, { apps: ['app'] })
  return app
}

interface BenchWindow {
  ready: Promise<void>
  shown: Promise<number>
  enter: (room: string, second: boolean) => void
}

const browser = await launch(t)
const app = await serve()
const origin = await start(t, app)
const peerServer = await Server.start({ file: './servers/peerjs.js' })
t.teardown(() => peerServer.stop())

/** Ms from the second one's joining until each of the two is shown the other: the first, and the second. */
async function firstFrames (t: Test, index: number, room: string): Promise<[number, number]> {
  const open = async (side: string): Promise<Page> => {
    const page = await visit(t, browser, `${origin}/page/${index}?name=${room}-${side}&port=${peerServer.port}`)
    await page.evaluate(async () => { await (window as unknown as BenchWindow).ready })
    return page
  }
  const [first, second] = [await open('first'), await open('second')]
  const enter = async (page: Page, isSecond: boolean): Promise<number> => await page.evaluate(([room, isSecond]) => {
    const at = performance.timeOrigin + performance.now();
    (window as unknown as BenchWindow).enter(room, isSecond)
    return at
  }, [room, isSecond] as const)
  await enter(first, false)
  // It sits in the room: ours and Ant Media's SDK say so to the server, PeerJS waits for a call by its name.
  if (index < 2) while ((await app.rooms.peers('app', room)).length === 0) await turn()
  // The cameras make a frame every 50 ms, from when the pages are ready. Without this each contestant would be measured at one moment of that alone.
  await wait(Math.random() * CAMERA_FRAME * 2)
  const began = await enter(second, true)
  const shown = await Promise.all([first, second].map(async page => await page.evaluate(async () => await (window as unknown as BenchWindow).shown)))
  return [shown[0]! - began, shown[1]! - began]
}

const samples = CONTESTANTS.map((): Array<[number, number]> => [])
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, { name }] of CONTESTANTS.entries()) {
    await t.test(`${name}, round ${round + 1}`, async t => {
      samples[index]!.push(await firstFrames(t, index, `room-${index}-${round}`))
    })
  }
}

const spread = (values: number[]): string => `${quantile(values, 0.5).toFixed(0)} (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)})`
t.comment('\n' + markdown(['from the second join to the first frame, ms', 'the second sees the first', 'the first sees the second', 'rounds in which ours is sooner (second)'],
  CONTESTANTS.map(({ name }, index) => {
    const own = samples[index]!
    return [name, ...[1, 0].map(side => spread(own.map(sample => sample[side]!))),
      index === 0 ? '' : `${own.filter((sample, round) => samples[0]![round]![1] < sample[1]).length} of ${ROUNDS}`]
  })))
