import type { Page } from 'playwright-core'
import { MAX_WAIT } from './wire.js'

/** What has come in so far on the page's newest peer connection, and what the other's video element makes of it. */
export interface MediaSample {
  /** Which of the page's peer connections this is, the first being 1; 0 where there was none yet. */
  connection: number
  framesDecoded: number
  audioPackets: number
  videoWidth: number
  currentTime: number
}

declare global {
  interface Window {
    /** Set by `observeMedia`. */
    observed: {
      connections: RTCPeerConnection[]
      /** Every track that the page has got from a camera or a microphone. */
      captured: MediaStreamTrack[]
      sample: () => Promise<MediaSample>
      fingerprints: () => { own: string, other: string }
    }
  }
}

/**
 * Runs in the page before any script of its own, and keeps the peer connections that it makes and the tracks that
 * it captures: so that pages can be watched alike, whichever SDK they use.
 */
export function observeMedia (): void {
  const connections: RTCPeerConnection[] = []
  const Native = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    constructor (configuration?: RTCConfiguration) {
      super(configuration)
      connections.push(this)
    }
  }
  const sample = async (): Promise<MediaSample> => {
    const taken = { connection: connections.length, framesDecoded: 0, audioPackets: 0, videoWidth: 0, currentTime: 0 }
    const connection = connections.at(-1)
    // The figures of a closed connection still move a little: Chromium gives them from a cache.
    const stats = connection?.signalingState === 'closed' ? undefined : await connection?.getStats()
    stats?.forEach((entry: { type: string, kind?: string, framesDecoded?: number, packetsReceived?: number }) => {
      if (entry.type !== 'inbound-rtp') return
      if (entry.kind === 'video') taken.framesDecoded += entry.framesDecoded ?? 0
      else taken.audioPackets += entry.packetsReceived ?? 0
    })
    const video = document.querySelector<HTMLVideoElement>('#remoteVideo')
    if (video !== null) {
      taken.videoWidth = video.videoWidth
      taken.currentTime = video.currentTime
    }
    return taken
  }
  const fingerprints = (): { own: string, other: string } => {
    const connection = connections.at(-1)
    const read = (description?: RTCSessionDescription | null): string => /a=fingerprint:(.+)/.exec(description?.sdp ?? '')?.[1]?.trim() ?? ''
    if (connection?.signalingState === 'closed') return { own: '', other: '' }
    return { own: read(connection?.currentLocalDescription), other: read(connection?.currentRemoteDescription) }
  }
  const captured: MediaStreamTrack[] = []
  // An insecure page has no devices to ask for.
  if (window.isSecureContext) {
    const capture = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = async constraints => {
      const stream = await capture(constraints)
      captured.push(...stream.getTracks())
      return stream
    }
  }
  window.observed = { connections, captured, sample, fingerprints }
}

export type Medium = 'picture and sound' | 'picture only' | 'sound only'

/** How much of the one medium must come in, with nothing of the other, before the other counts as off. */
const QUIET = { frames: 15, packets: 50 }

/**
 * Waits until the other side is seen and heard at this page: its picture has a size and moves, frames are decoded
 * and sound packets come in. With `picture only` or `sound only`, until one comes in and the other does not: the
 * one that does is the clock, so that a slow machine only takes longer.
 */
export async function receives (page: Page, medium: Medium = 'picture and sound'): Promise<void> {
  // Not waitForFunction, which takes the promise of an asynchronous predicate for a yes.
  const missing = await page.evaluate(async ({ medium, QUIET, MAX_WAIT }) => {
    const { sample } = window.observed
    const deadline = performance.now() + MAX_WAIT
    let before = await sample()
    let now = before
    while (performance.now() < deadline) {
      await new Promise(resolve => setTimeout(resolve, 50))
      now = await sample()
      const frames = now.framesDecoded - before.framesDecoded
      const packets = now.audioPackets - before.audioPackets
      if (now.connection !== before.connection) {
        before = now
      } else if (medium === 'picture and sound') {
        if (frames > 0 && packets > 0 && now.videoWidth > 0 && now.currentTime > before.currentTime) return null
      } else if ((medium === 'picture only' ? packets : frames) > 0) {
        before = now
      } else if (medium === 'picture only') {
        if (frames >= QUIET.frames && now.currentTime > before.currentTime) return null
      } else if (packets >= QUIET.packets) {
        return null
      }
    }
    return { before, now }
  }, { medium, QUIET, MAX_WAIT })
  if (missing !== null) throw new Error(`Never ${medium}: from ${JSON.stringify(missing.before)} to ${JSON.stringify(missing.now)}`)
}

/** How many tracks of a kind the page holds: while there is one, the light of the device is on. */
export async function capturing (page: Page, kind: 'video' | 'audio'): Promise<number> {
  return page.evaluate(kind => window.observed.captured
    .filter(track => track.kind === kind && track.readyState === 'live').length, kind)
}

/** Waits until the other's video element shows nobody: no picture is left standing. */
export async function isCleared (page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector<HTMLVideoElement>('#remoteVideo')?.srcObject === null)
}

/** Who talks to whom, by the DTLS fingerprints (RFC 8122) of a page's newest peer connection: its own, and the other side's. */
export async function fingerprints (page: Page): Promise<{ own: string, other: string }> {
  return page.evaluate(() => window.observed.fingerprints())
}

/** Waits until two pages are in a call with each other, and see and hear each other. */
export async function inCall (one: { page: Page }, two: { page: Page }): Promise<void> {
  for (;;) {
    const [a, b] = await Promise.all([fingerprints(one.page), fingerprints(two.page)])
    if (a.own !== '' && a.other === b.own && b.other === a.own) break
    await Promise.race([change(one.page, a.own + a.other), change(two.page, b.own + b.other)])
  }
  await Promise.all([receives(one.page), receives(two.page)])
}

async function change (page: Page, seen: string): Promise<void> {
  await page.waitForFunction(seen => {
    const { own, other } = window.observed.fingerprints()
    return own + other !== seen
  }, seen, { polling: 50 })
}

/** How many frames of one's own camera pass, at 20 to 30 a second, until a picture of the other that has not moved meanwhile has stopped. */
const STOPPED = 100

/**
 * Watches the other's picture at this page from now on. What it gives back reads what has broken since: the media taken away or exchanged, a
 * new peer connection, or a picture that stood still. The clock is one's own camera, as the page shows it: a busy machine slows both alike. It is
 * there when the watch begins: whatever is watched may be over sooner than the next frame.
 */
export async function watchForBreaks (page: Page): Promise<() => Promise<string[]>> {
  const breaks = await page.evaluateHandle(async STOPPED => {
    const breaks: string[] = []
    const own = document.querySelector<HTMLVideoElement>('#localVideo')
    if (own === null) throw new Error('There is no picture of one\'s own to measure by.')
    let ownFrames = 0
    await new Promise<void>(resolve => {
      const count = (): void => {
        ownFrames++
        own.requestVideoFrameCallback(count)
        resolve()
      }
      own.requestVideoFrameCallback(count)
    })
    const { connections } = window.observed
    const current = connections.length
    const video = document.querySelector<HTMLVideoElement>('#remoteVideo')
    video?.addEventListener('emptied', () => breaks.push('the media was taken away'))
    let last = ownFrames
    const frame = (): void => {
      if (ownFrames - last > STOPPED) breaks.push(`the picture stood still for ${ownFrames - last} frames of one's own camera`)
      if (connections.length > current) breaks.push('there is a new peer connection')
      last = ownFrames
      video?.requestVideoFrameCallback(frame)
    }
    video?.requestVideoFrameCallback(frame)
    return { read: () => breaks }
  }, STOPPED)
  return async () => breaks.evaluate(({ read }) => read())
}
