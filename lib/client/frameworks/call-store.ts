import type { AdaptorError, AdaptorEvents, RemoteMediaState, WebRTCAdaptor } from '../webrtc-adaptor.js'

/** Everything about a call that a page shows. A new object at each change, and the same one until then. */
export interface CallState {
  /** The state of the connection to the server. The media of a call need it only to begin. */
  readonly connection: 'connecting' | 'open' | 'reconnecting' | 'closed'
  /** The room where this side has a seat; `null` where it has none. */
  readonly room: string | null
  /** Whether somebody else has a seat in the room. */
  readonly peerPresent: boolean
  /** What camera and microphone give now; `null` where both are off. */
  readonly localStream: MediaStream | null
  /** What comes from the other side; `null` where there is no call. */
  readonly remoteStream: MediaStream | null
  /** How the other side can be seen and heard now. */
  readonly remoteMedia: RemoteMediaState
  /** Whether the camera is on. */
  readonly cameraOn: boolean
  /** Whether the microphone is on. */
  readonly micOn: boolean
  /** What the two people can read to one another, with the option `verification`; `null` where there is nothing. */
  readonly verificationCode: string | null
  /** The last error since the room was joined; `null` where there was none. */
  readonly error: AdaptorError | null
}

/** Before there is an adaptor: while a page is rendered on a server, and in the first moment in the browser. */
export const NO_CALL: CallState = {
  connection: 'connecting',
  room: null,
  peerPresent: false,
  localStream: null,
  remoteStream: null,
  remoteMedia: { video: 'off', audio: 'off' },
  cameraOn: false,
  micOn: false,
  verificationCode: null,
  error: null
}

type Seat = Pick<CallState, 'room' | 'peerPresent' | 'error'>

/** Events that change nothing but what the adaptor's own properties say. */
const OTHERS = ['initialized', 'reconnecting', 'local_media_changed', 'remote_stream', 'remote_media_changed', 'verification_code_changed'] as const satisfies ReadonlyArray<keyof AdaptorEvents>

/** The state of an adaptor's call as one value that can be compared, for frameworks that draw what has changed. */
export class CallStore {
  readonly adaptor: WebRTCAdaptor
  readonly #listeners = new Set<() => void>()
  #state: CallState = NO_CALL

  /** `adaptor` belongs to the store from now on, which closes it. */
  constructor (adaptor: WebRTCAdaptor) {
    this.adaptor = adaptor
    this.#read({})
    adaptor.on('joined', ({ streamId, peers }) => this.#read({ room: streamId, peerPresent: peers > 0, error: null }))
    adaptor.on('leaved', () => this.#read({ room: null, peerPresent: false }))
    adaptor.on('closed', () => this.#read({ room: null, peerPresent: false }))
    adaptor.on('peerJoined', () => this.#read({ peerPresent: true }))
    adaptor.on('peerLeft', () => this.#read({ peerPresent: false }))
    adaptor.on('reconnected', ({ peers }) => this.#read(peers === undefined ? {} : { room: adaptor.roomName, peerPresent: peers > 0 }))
    adaptor.on('error', error => this.#read({ error }))
    for (const name of OTHERS) adaptor.on(name, () => this.#read({}))
  }

  get state (): CallState {
    return this.#state
  }

  /** Calls `listener` after each change; returns a function that ends it. */
  readonly subscribe = (listener: () => void): () => void => {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  /** Closes the adaptor; nobody is told any more. */
  close (): void {
    this.#listeners.clear()
    void this.adaptor.close()
  }

  #read (seat: Partial<Seat>): void {
    const { adaptor } = this
    const { room, peerPresent, error } = this.#state
    this.#state = {
      room,
      peerPresent,
      error,
      ...seat,
      ...(adaptor.roomName === null ? { room: null, peerPresent: false } : {}),
      connection: adaptor.connectionState,
      localStream: adaptor.localStream,
      remoteStream: adaptor.remoteStream,
      remoteMedia: adaptor.remoteMedia,
      cameraOn: adaptor.cameraOn,
      micOn: adaptor.micOn,
      verificationCode: adaptor.verificationCode
    }
    for (const listener of [...this.#listeners]) listener()
  }
}
