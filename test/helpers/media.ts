import type { Page } from 'playwright-core'

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
      sample: () => Promise<MediaSample>
      before?: MediaSample
    }
  }
}

/**
 * Runs in the page before any script of its own, and keeps the peer connections that it makes: so that pages
 * can be watched alike, whichever SDK they use.
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
    const stats = await connections.at(-1)?.getStats()
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
  window.observed = { connections, sample }
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
  await page.evaluate(() => { delete window.observed.before })
  await page.waitForFunction(async ({ medium, QUIET }) => {
    const now = await window.observed.sample()
    const before = window.observed.before
    if (before === undefined || before.connection !== now.connection) {
      window.observed.before = now
      return false
    }
    const frames = now.framesDecoded - before.framesDecoded
    const packets = now.audioPackets - before.audioPackets
    if (medium === 'picture and sound') {
      return frames > 0 && packets > 0 && now.videoWidth > 0 && now.currentTime > before.currentTime
    }
    if ((medium === 'picture only' ? packets : frames) > 0) {
      window.observed.before = now
      return false
    }
    return medium === 'picture only'
      ? frames >= QUIET.frames && now.currentTime > before.currentTime
      : packets >= QUIET.packets
  }, { medium, QUIET }, { polling: 50 })
}

/** Waits until the other's video element shows nobody: no picture is left standing. */
export async function isCleared (page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector<HTMLVideoElement>('#remoteVideo')?.srcObject === null)
}
