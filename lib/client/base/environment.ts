import { AdaptorError, type Device } from './client-errors.js'

/** A handle that `clearTimeout` takes back; a number in browsers, an object in Node. */
export type TimerHandle = number | object

/** What the SDK listens to: the page's window or document, or a stand-in. */
export interface EventSource {
  addEventListener (type: string, listener: (event: Event) => void): void
  removeEventListener (type: string, listener: (event: Event) => void): void
}

/** The key in `localStorage` that switches the debug log on in one browser, whatever its value. */
const DEBUG_KEY = 'fastify-webrtc-signalling:debug'

/** Everything that the SDK takes from the browser, so that tests can run it on fakes and move time by hand. */
export interface Environment {
  WebSocket: new (url: string) => WebSocket
  RTCPeerConnection: new (configuration?: RTCConfiguration) => RTCPeerConnection
  MediaStream: new () => MediaStream
  /** Absent on a page that was not loaded from https or localhost (W3C Media Capture, section 9.2). */
  mediaDevices: MediaDevices | undefined
  /** Whether the page may use a device, as the browser remembers it; `undefined` where it does not tell (W3C Permissions, section 6). */
  permission (device: Device): Promise<PermissionState | undefined>
  setTimeout (callback: () => void, delay: number): TimerHandle
  clearTimeout (handle: TimerHandle): void
  /** Milliseconds on a clock that never goes back. */
  now (): number
  /** A number from 0 to 1. */
  random (): number
  /** 32 characters that nobody can guess. */
  secret (): string
  /** Whether somebody has switched the debug log on in this browser. */
  debugging (): boolean
  /** Writes a line to the console. */
  print (line: string): void
  window: EventSource | undefined
  document: (EventSource & Pick<Document, 'getElementById' | 'visibilityState'>) | undefined
  /** The address of the page. */
  location: string | undefined
}

/**
 * The browser's own. Read at construction, so that adapter.js may have put its shims in place by then, and so that a
 * server may import what only its pages use. Throws where there is no WebRTC: in Node.js, in a worker, or where a browser has it off.
 */
export function browserEnvironment (): Environment {
  const missing = (['WebSocket', 'RTCPeerConnection', 'MediaStream'] as const).filter(name => globalThis[name] === undefined)
  if (missing.length > 0) {
    throw new AdaptorError('NotSupportedError', `WebRTCAdaptor needs a browser with WebRTC, and there is no ${missing.join(', no ')} here. A server may import it; make it in the page alone.`)
  }
  return {
    WebSocket: globalThis.WebSocket,
    RTCPeerConnection: globalThis.RTCPeerConnection,
    MediaStream: globalThis.MediaStream,
    mediaDevices: globalThis.navigator?.mediaDevices,
    permission: async device => {
      try {
        return (await globalThis.navigator.permissions.query({ name: device as PermissionName })).state
      } catch {
        // Older browsers have no such query, or not for these devices.
        return undefined
      }
    },
    setTimeout: (callback, delay) => globalThis.setTimeout(callback, delay),
    clearTimeout: handle => globalThis.clearTimeout(handle as number),
    now: () => performance.now(),
    random: () => Math.random(),
    // Not crypto.randomUUID, which pages from http lack.
    secret: () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join(''),
    debugging: () => {
      try {
        return globalThis.localStorage.getItem(DEBUG_KEY) !== null
      } catch {
        // A browser that keeps nothing for the page throws at the mere look at it (HTML, section 12.2.3).
        return false
      }
    },
    // Not console.debug, which Chromium hides unless asked.
    print: line => console.info(line),
    window: globalThis.window,
    document: globalThis.document,
    location: globalThis.location?.href
  }
}
