import type { CDPSession, Page } from 'playwright-core'

/** What a page holds once its garbage is collected. */
export interface LiveObjects {
  /** Objects of each of these classes, `ended` tracks and `closed` connections included for as long as something holds them. */
  connections: number
  channels: number
  tracks: number
  streams: number
  sockets: number
  /** Tracks that are `live`. */
  liveTracks: number
  /** Listeners of the page's JavaScript, on whatever. */
  listeners: number
  /** All JavaScript objects and functions. */
  objects: number
  /** Bytes of the heap. */
  heap: number
}

const CLASSES = {
  connections: 'RTCPeerConnection', channels: 'RTCDataChannel', tracks: 'MediaStreamTrack', streams: 'MediaStream', sockets: 'WebSocket', objects: 'Object'
} as const

/** Counts the objects of a page by way of Chromium's debugger, which finds those that no script can reach any more and something still holds. */
export class ObjectCounter {
  readonly #session: CDPSession

  private constructor (session: CDPSession) {
    this.#session = session
  }

  static async of (page: Page): Promise<ObjectCounter> {
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    await session.send('HeapProfiler.enable')
    return new ObjectCounter(session)
  }

  async count (): Promise<LiveObjects> {
    // What one collection lets go of outside the heap may hold something inside it.
    for (let i = 0; i < 3; i++) await this.#session.send('HeapProfiler.collectGarbage')
    const found: Record<string, number> = {}
    for (const [name, className] of Object.entries(CLASSES)) found[name] = await this.#evaluate(className, 'return this.length')
    found.liveTracks = await this.#evaluate('MediaStreamTrack', 'return this.filter(({ readyState }) => readyState === "live").length')
    const { metrics } = await this.#session.send('Performance.getMetrics')
    const metric = (name: string): number => metrics.find(metric => metric.name === name)?.value ?? NaN
    return { ...found, listeners: metric('JSEventListeners'), heap: metric('JSHeapUsedSize') } as unknown as LiveObjects
  }

  /** Asks something of the array of all objects of a class. */
  async #evaluate (className: string, body: string): Promise<number> {
    const { result: prototype } = await this.#session.send('Runtime.evaluate', { expression: `${className}.prototype`, objectGroup: 'count' })
    const { objects } = await this.#session.send('Runtime.queryObjects', { prototypeObjectId: prototype.objectId as string, objectGroup: 'count' })
    const { result } = await this.#session.send('Runtime.callFunctionOn', {
      objectId: objects.objectId as string, functionDeclaration: `function () { ${body} }`, returnByValue: true
    })
    await this.#session.send('Runtime.releaseObjectGroup', { objectGroup: 'count' })
    return result.value as number
  }
}
