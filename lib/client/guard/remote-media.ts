import type { MediaState, RemoteMediaState } from '../call/media-state.js'
import type { PeerSession } from '../call/peer-session.js'
import type { ExtraContext } from '../extras/extra.js'
import type { Frame } from '../signalling/frames.js'
import { Timer } from '../base/timer.js'

/** Time without a frame after which the picture is frozen, in ms. */
const FROZEN_AFTER = 2_000
const LOOK_EVERY = 500
/** A look that comes later than this means that the page stood still: no frame could be seen. Hidden pages run their timers once a second. */
const STANDSTILL = 1_000

/**
 * Whether the other side's picture and sound are alive. An element keeps the last frame for as long as none comes, and
 * browsers fire `mute` at the track many seconds later, or never. So the decoded frames are counted, also while the page
 * is hidden. A peer of this SDK says over the data channel when its camera is off.
 */
export class RemoteMedia {
  readonly #context: ExtraContext
  readonly #timer: Timer
  #session: PeerSession | null = null
  #tracks: readonly MediaStreamTrack[] = []
  #announced: MediaState | null = null
  /** When the last frame was seen to have come, or since when one is waited for, without the time in which the page stood still. */
  #since = 0
  #lookedAt = 0
  #frames: number | null = null
  #moving = false

  constructor (context: ExtraContext) {
    this.#context = context
    this.#timer = new Timer(context.environment)
    const { current, remote } = context
    current.on('session', session => this.#handleSession(session))
    current.on('tracks', tracks => this.#handleTracks(tracks))
    this.#follow(current.session)
    this.#tracks = remote.stream?.getTracks() ?? []
    // Until now what is sent has counted as seen.
    this.#expect(current.remoteMedia.video === 'live')
  }

  close (): void {
    this.#timer.stop()
  }

  /** Another peer connection, or none. */
  #handleSession (session: PeerSession | null): void {
    this.#follow(session)
    this.#handleTracks([])
  }

  #follow (session: PeerSession | null): void {
    this.#session = session
    this.#announced = stateOf(session?.mediaState ?? null)
    session?.on('mediaState', said => { if (session === this.#session) this.#handleSaid(stateOf(said)) })
  }

  #handleTracks (tracks: readonly MediaStreamTrack[]): void {
    const before = this.#picture
    this.#tracks = tracks
    if (this.#picture !== before) this.#expect()
    else this.#update()
  }

  get #picture (): MediaStreamTrack | undefined {
    return this.#announced?.camera === false && this.#announced.screen !== true ? undefined : this.#tracks.find(track => track.kind === 'video')
  }

  #handleSaid (state: MediaState | null): void {
    if (state === null) return
    const before = this.#picture
    this.#announced = state
    if (this.#picture !== before) this.#expect()
    else this.#update()
  }

  /** A picture is to come from now on, or none. */
  #expect (moving = false): void {
    this.#moving = moving
    this.#frames = null
    this.#since = this.#lookedAt = this.#context.environment.now()
    this.#timer.stop()
    this.#update()
    if (this.#picture !== undefined) void this.#look()
  }

  async #look (): Promise<void> {
    const picture = this.#picture
    const receiver = this.#session?.peerConnection.getTransceivers().find(({ receiver }) => receiver.track === picture)?.receiver
    const frames = await receiver?.getStats().then(framesDecoded, () => null) ?? null
    if (picture === undefined || picture !== this.#picture) return
    this.#lookedAt = this.#context.environment.now()
    // A browser that counts no frames is taken at its word that there is a picture.
    if (frames === null || (this.#frames !== null && frames > this.#frames)) {
      this.#moving = true
      this.#since = this.#lookedAt
    }
    this.#frames = frames
    this.#update()
    this.#timer.start(LOOK_EVERY, late => {
      if (late >= STANDSTILL) this.#since += late
      void this.#look()
    })
  }

  #update (): void {
    const frozen = this.#lookedAt - this.#since >= FROZEN_AFTER
    const video = this.#picture === undefined ? 'off' : frozen ? 'frozen' : this.#moving ? 'live' : 'off'
    const audio = this.#announced?.microphone !== false && this.#tracks.some(track => track.kind === 'audio') ? 'live' : 'off'
    const screen = video !== 'off' && this.#announced?.screen === true
    const { announcer, current, room } = this.#context
    const before = current.remoteMedia
    if (video === before.video && audio === before.audio && screen === (before.screen === true)) return
    const state: RemoteMediaState = current.remoteMedia = { video, audio, ...screen ? { screen } : {} }
    announcer.tell('remote_media_changed', { streamId: room(), ...state })
  }
}

/** What the other side says of its camera and microphone; `null` where it cannot be read. */
function stateOf (said: Frame | null): MediaState | null {
  if (said === null) return null
  const { camera, microphone, screen } = said
  return typeof camera === 'boolean' && typeof microphone === 'boolean' ? { camera, microphone, ...screen === true ? { screen } : {} } : null
}

/** How many frames have come so far; `null` in a browser that does not count them. */
function framesDecoded (stats: RTCStatsReport): number | null {
  let frames: number | null = 0
  stats.forEach((entry: { type: string, framesDecoded?: number }) => {
    if (entry.type === 'inbound-rtp') frames = entry.framesDecoded ?? null
  })
  return frames
}
