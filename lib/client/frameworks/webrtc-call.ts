import { WebRTCAdaptor, type AdaptorError } from '../webrtc-adaptor.js'
import { CallStore, NO_CALL, type CallState } from './call-store.js'

export type { CallState } from './call-store.js'

/** A server that renders pages has no elements, and may import this all the same. */
const ElementBase = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement

const STYLE = `
:host { display: block; position: relative; overflow: hidden; background: #111; aspect-ratio: 16 / 9 }
:host([hidden]) { display: none }
video { display: block; width: 100%; height: 100%; object-fit: cover }
[part=local] { position: absolute; right: 2%; bottom: 2%; width: 25%; height: 25%; border-radius: 8px }
[part=controls] { position: absolute; left: 2%; bottom: 2%; display: flex; gap: 8px }
[part=code] { position: absolute; left: 2%; top: 2%; padding: 4px 10px; border-radius: 8px; background: #fff; color: #111 }
[part=code]:empty { display: none }
button { font: inherit; padding: 8px 14px; border: 0; border-radius: 8px; background: #fff; color: #111; cursor: pointer }
button[aria-pressed=false] { background: #b3261e; color: #fff }
button:focus-visible { outline: 3px solid #8ab4f8; outline-offset: 2px }
[part=controls]:not([data-shown]) { display: none }
`

/** The attributes that the element watches. */
const ATTRIBUTES = ['room', 'token', 'websocket-url', 'controls', 'verification']

/**
 * `<webrtc-call room="room1" controls></webrtc-call>`: a call as an element, which needs no framework. It connects while it is in a
 * page, sits in `room` (in none without that attribute), and shows both sides. Taken out of the page, it ends everything.
 *
 * Attributes: `room`; `token`, sent with each join; `websocket-url`, by default the directory of the page; `controls`, two buttons for
 * camera and microphone; `verification`, the code that the two people can read to one another. It dispatches a CustomEvent for each
 * callback of the SDK under its name, with what belongs to it as `detail`, `error` with the AdaptorError, and `statechange` at each
 * change of `state`. `::part(remote)`, `::part(local)`, `::part(controls)`, `::part(button)` and `::part(code)` can be styled.
 */
export class WebrtcCall extends ElementBase {
  static readonly observedAttributes: readonly string[] = ATTRIBUTES

  readonly #remote: HTMLVideoElement
  readonly #local: HTMLVideoElement
  readonly #controls: HTMLElement
  readonly #camera: HTMLButtonElement
  readonly #mic: HTMLButtonElement
  readonly #code: HTMLElement
  #store: CallStore | null = null

  constructor () {
    super()
    const root = this.attachShadow({ mode: 'open' })
    this.#remote = part('video', 'remote')
    this.#local = part('video', 'local')
    for (const video of [this.#remote, this.#local]) Object.assign(video, { autoplay: true, playsInline: true })
    this.#local.muted = true
    this.#controls = part('div', 'controls')
    this.#camera = part('button', 'button')
    this.#mic = part('button', 'button')
    this.#camera.textContent = 'Camera'
    this.#mic.textContent = 'Microphone'
    this.#camera.addEventListener('click', () => { void (this.state.cameraOn ? this.adaptor?.turnOffLocalCamera() : this.adaptor?.turnOnLocalCamera()) })
    this.#mic.addEventListener('click', () => { void (this.state.micOn ? this.adaptor?.muteLocalMic() : this.adaptor?.unmuteLocalMic()) })
    this.#controls.append(this.#camera, this.#mic)
    this.#code = part('output', 'code')
    root.append(this.#remote, this.#local, this.#controls, this.#code)
    adoptStyle(root)
    this.#draw()
  }

  /** The adaptor, for everything else that it can do; `null` while the element is in no page. */
  get adaptor (): WebRTCAdaptor | null {
    return this.#store?.adaptor ?? null
  }

  /** The state of the call. */
  get state (): CallState {
    return this.#store?.state ?? NO_CALL
  }

  connectedCallback (): void {
    if (this.#store === null) this.#start()
  }

  disconnectedCallback (): void {
    // An element that is moved within the page is taken out and put in at once: the call goes on.
    queueMicrotask(() => { if (!this.isConnected) this.#stop() })
  }

  attributeChangedCallback (name: string, before: string | null, value: string | null): void {
    if (name === 'controls') this.#draw()
    if (this.#store === null || before === value) return
    if (name === 'websocket-url' || name === 'verification') {
      this.#stop()
      this.#start()
    }
    if (name === 'room') this.#sit()
  }

  #start (): void {
    const url = this.getAttribute('websocket-url')
    const adaptor = new WebRTCAdaptor({
      ...(url === null ? {} : { websocket_url: url }),
      verification: this.hasAttribute('verification'),
      localVideoElement: this.#local,
      remoteVideoElement: this.#remote,
      callback: (info: string, detail?: unknown) => { this.dispatchEvent(new CustomEvent(info, { detail })) },
      callbackError: (_name, error: AdaptorError) => { this.dispatchEvent(new CustomEvent('error', { detail: error })) }
    })
    this.#store = new CallStore(adaptor)
    this.#store.subscribe(() => {
      this.#draw()
      this.dispatchEvent(new CustomEvent('statechange', { detail: this.state }))
    })
    this.#sit()
  }

  /** Takes a seat in the room of the attribute, or gives up the one that it has. */
  #sit (): void {
    const room = this.getAttribute('room')
    if (room === null || room === '') void this.adaptor?.leave()
    else void this.adaptor?.join(room, this.getAttribute('token'))
  }

  #stop (): void {
    this.#store?.close()
    this.#store = null
    this.#draw()
  }

  #draw (): void {
    const { cameraOn, micOn, verificationCode } = this.state
    this.#controls.toggleAttribute('data-shown', this.hasAttribute('controls'))
    this.#camera.setAttribute('aria-pressed', String(cameraOn))
    this.#mic.setAttribute('aria-pressed', String(micOn))
    const code = this.hasAttribute('verification') ? verificationCode : null
    if (this.#code.textContent !== (code ?? '')) this.#code.textContent = code
  }
}

function part<K extends keyof HTMLElementTagNameMap> (tag: K, name: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  element.setAttribute('part', name)
  return element
}

/** A sheet that a script makes is allowed by every Content Security Policy; a `<style>`, for older browsers, is not (CSP Level 3, section 6.1.14). */
function adoptStyle (root: ShadowRoot): void {
  if ('adoptedStyleSheets' in root && 'replaceSync' in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(STYLE)
    root.adoptedStyleSheets = [sheet]
  } else {
    const style = document.createElement('style')
    style.textContent = STYLE
    root.append(style)
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'webrtc-call': WebrtcCall
  }
}

if (globalThis.customElements !== undefined && globalThis.customElements.get('webrtc-call') === undefined) {
  globalThis.customElements.define('webrtc-call', WebrtcCall)
}
