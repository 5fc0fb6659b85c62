import { AdaptorError, type Device } from './client-errors.js'

/** The handle of a timer, for `clearTimeout`: a number in browsers, an object in Node. */
export type TimerHandle = number | object

/** A source of events: the page's window or document, or a fake. */
export interface EventSource {
  addEventListener (type: string, listener: (event: Event) => void): void
  removeEventListener (type: string, listener: (event: Event) => void): void
}

/** The key in `localStorage` that switches the debug log on in one browser, with any value. */
const DEBUG_KEY = 'fastify-webrtc-signalling:debug'

/** Everything that the SDK uses of the browser. Tests give it fakes, and a clock that they move. */
export interface Environment {
  WebSocket: new (url: string) => WebSocket
  RTCPeerConnection: new (configuration?: RTCConfiguration) => RTCPeerConnection
  MediaStream: new () => MediaStream
  /** Undefined on a page that is no secure context, that is, neither from https nor from localhost (W3C Media Capture, section 9.2). */
  mediaDevices: MediaDevices | undefined
  setTimeout (callback: () => void, delay: number): TimerHandle
  clearTimeout (handle: TimerHandle): void
  /** The time in ms, on a clock that never goes back. */
  now (): number
  /** A random number from 0 to 1. */
  random (): number
  /** Makes a secret of 32 hexadecimal characters: 128 random bits. */
  secret (): string
  /** Whether the debug log is switched on in this browser. */
  debugging (): boolean
  /** Writes a line to the console. */
  print (line: string): void
  window: EventSource | undefined
  document: (EventSource & Pick<Document, 'getElementById' | 'visibilityState'>) | undefined
  /** The address of the page. */
  location: string | undefined
  /** In place of what the guard does itself in a browser: tells whether the page may use a device, and prepares for the first peer connection. */
  permission?: (device: Device) => Promise<PermissionState | undefined>
  warmUp?: () => void
}

/**
 * Makes the environment of a real page. It is made by the adaptor's constructor, not on import. By then adapter.js may have put its shims in
 * place, and a server may import the SDK without using it.
 *
 * @throws AdaptorError `NotSupportedError`, if there is no WebRTC: in Node.js, in a worker, or in a browser that has it switched off
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
    setTimeout: (callback, delay) => globalThis.setTimeout(callback, delay),
    clearTimeout: handle => globalThis.clearTimeout(handle as number),
    now: () => performance.now(),
    random: () => Math.random(),
    // crypto.randomUUID is missing on pages from http.
    secret: () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join(''),
    debugging: () => {
      try {
        return globalThis.localStorage.getItem(DEBUG_KEY) !== null
      } catch {
        // If the page may store nothing, reading `localStorage` throws a SecurityError (HTML, section 12.2.3).
        return false
      }
    },
    // Chromium hides console.debug by default.
    print: line => console.info(line),
    window: globalThis.window,
    document: globalThis.document,
    location: globalThis.location?.href
  }
}
