import { deferred } from '../../base/deferred.js'
import { Timer } from '../../base/timer.js'
import type { IceAddress } from './ice-server-check.js'
import { CheckFailure, type StepScope } from './step-scope.js'

/** How long data is sent, in ms. */
const DURATION = 2_000
/** Size of one message: the largest that every browser takes (RFC 8831, section 6.6). */
const MESSAGE = 16_384
/** How much may wait in the browser, in bytes: enough for the way to be full all the time. */
const BUFFER = 262_144
/** What a picture needs at least, in kbit/s. */
const ENOUGH = 200

/** Calls this page itself by way of the TURN servers, and measures how much gets through. */
export async function checkRelayedCall (scope: StepScope, iceServers: IceAddress[]): Promise<{ bitrate: number, roundTrip: number }> {
  const [caller, callee] = [connect(scope, iceServers), connect(scope, iceServers)]
  caller.onicecandidate = ({ candidate }) => add(callee, candidate)
  callee.onicecandidate = ({ candidate }) => add(caller, candidate)
  const opened = deferred<void>()
  const arrived = deferred<RTCDataChannel>()
  callee.ondatachannel = ({ channel }) => arrived.resolve(channel)
  const channel = caller.createDataChannel('check')
  channel.onopen = () => opened.resolve()
  await scope.until(agree(caller, callee))
  await scope.answer(opened, 'relayFailed')
  const other = await scope.answer(arrived, 'relayFailed')
  const roundTrip = await measureRoundTrip(scope, channel, other)
  const bitrate = await measure(scope, channel, other)
  if (bitrate < ENOUGH) throw new CheckFailure('relaySlow', `${bitrate} kbit/s`)
  return { bitrate, roundTrip }
}

const connect = (scope: StepScope, iceServers: IceAddress[]) => scope.connect({ iceServers, iceTransportPolicy: 'relay' })

function add (connection: RTCPeerConnection, candidate: RTCIceCandidate | null): void {
  // One that cannot be used is one of several; where none can, no channel opens.
  if (candidate !== null) connection.addIceCandidate(candidate).catch(() => {})
}

async function agree (caller: RTCPeerConnection, callee: RTCPeerConnection): Promise<void> {
  const offer = await caller.createOffer()
  // The callee knows the offer before the first candidate of the caller comes.
  await callee.setRemoteDescription(offer)
  await caller.setLocalDescription(offer)
  const answer = await callee.createAnswer()
  await caller.setRemoteDescription(answer)
  await callee.setLocalDescription(answer)
}

async function measureRoundTrip (scope: StepScope, out: RTCDataChannel, into: RTCDataChannel): Promise<number> {
  const { environment } = scope
  const back = deferred<void>()
  into.onmessage = ({ data }) => into.send(data as string)
  out.onmessage = () => back.resolve()
  const begin = environment.now()
  out.send('check')
  await scope.answer(back, 'relayFailed')
  return environment.now() - begin
}

/** Keeps the way full for a while, and gives what came out at the other end in kbit/s. */
async function measure (scope: StepScope, out: RTCDataChannel, into: RTCDataChannel): Promise<number> {
  const { environment } = scope
  const done = deferred<void>()
  const timer = new Timer(environment)
  const message = new Uint8Array(MESSAGE)
  let bytes = 0
  let begin: number | null = null
  let end = 0
  const fill = () => {
    while (out.readyState === 'open' && out.bufferedAmount < BUFFER) out.send(message)
  }
  scope.add(() => {
    timer.stop()
    out.onopen = out.onbufferedamountlow = into.onmessage = null
  })
  into.onmessage = () => {
    end = environment.now()
    // What the first message took is not known.
    if (begin === null) begin = end
    else bytes += MESSAGE
  }
  out.bufferedAmountLowThreshold = BUFFER / 2
  out.onbufferedamountlow = fill
  fill()
  timer.start(DURATION, () => done.resolve())
  await scope.answer(done, 'relayFailed', 2 * DURATION)
  out.onbufferedamountlow = into.onmessage = null
  if (begin === null || end === begin) throw new CheckFailure('relayFailed')
  return Math.round(bytes * 8 / (end - begin))
}
