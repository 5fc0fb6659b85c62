import { Timer } from '../base/timer.js'
import type { Extra, ExtraContext } from './extra.js'
import type { ExtraMethods } from './extra-methods.js'

type Methods = Pick<ExtraMethods, 'setVolumeLevel' | 'enableAudioLevelForLocalStream' | 'disableAudioLevelForLocalStream'>

export interface SoundMixer {
  /** Sends this sound beside that of the microphone, until it is called with null. */
  mix (track: MediaStreamTrack | null): void
}

/** As Ant Media's SDK has it, in ms. */
const PERIOD = 200

/** The sound that is sent: louder, softer, mixed with another one, and how loud it is. */
class Sound implements Methods, Extra, SoundMixer {
  readonly #context: ExtraContext
  readonly #audio = new AudioContext()
  readonly #volume = this.#audio.createGain()
  readonly #meter = this.#audio.createAnalyser()
  readonly #timer: Timer
  readonly #unlisten: () => void
  /** What is connected now, by its track. */
  readonly #sources = new Map<MediaStreamTrack, MediaStreamAudioSourceNode>()
  /** Made when it is needed: Chromium puts no page into the back/forward cache that has a track of it. */
  #destination: MediaStreamAudioDestinationNode | null = null
  #mixed: MediaStreamTrack | null = null
  #measured: MediaStreamAudioSourceNode | null = null
  #measuredTrack: MediaStreamTrack | null = null

  constructor (context: ExtraContext) {
    this.#context = context
    this.#timer = new Timer(context.environment)
    // Before the person has done anything with the page it stands still, and nothing would be heard of what is sent through it.
    this.#audio.onstatechange = () => this.#arrange()
    this.#unlisten = context.media.on('changed', () => this.#measure())
  }

  async setVolumeLevel (volumeLevel: number): Promise<void> {
    this.#volume.gain.value = Math.max(volumeLevel, 0)
    this.#arrange()
  }

  mix (track: MediaStreamTrack | null): void {
    this.#mixed = track
    this.#context.media.mixing = track !== null
    this.#arrange()
  }

  async enableAudioLevelForLocalStream (levelCallback: (level: number) => void, period = PERIOD): Promise<void> {
    // Pending until the person does something with the page.
    void this.#audio.resume()
    const samples = new Float32Array(this.#meter.fftSize)
    const look = () => {
      this.#timer.start(Math.max(period, 20), look)
      this.#meter.getFloatTimeDomainData(samples)
      levelCallback(this.#measured === null ? 0 : Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length))
    }
    this.#timer.start(period, look)
    this.#measure()
  }

  async disableAudioLevelForLocalStream (): Promise<void> {
    this.#timer.stop()
    this.#measure()
  }

  close (): Promise<void> {
    this.#timer.stop()
    this.#unlisten()
    this.#audio.onstatechange = null
    return this.#audio.close()
  }

  #arrange (): void {
    const needed = this.#mixed !== null || this.#volume.gain.value !== 1
    if (needed && this.#audio.state !== 'running') void this.#audio.resume()
    this.#context.media.filter('audio', needed && this.#audio.state === 'running' ? this.#filter : undefined)
    if (!needed) this.#connect([])
  }

  readonly #filter = (microphone: MediaStreamTrack | null): MediaStreamTrack | null => {
    const tracks = [microphone, this.#mixed].filter(track => track !== null)
    this.#connect(tracks)
    return tracks.length === 0 ? null : this.#output().stream.getAudioTracks()[0] ?? null
  }

  #output (): MediaStreamAudioDestinationNode {
    if (this.#destination === null) {
      this.#destination = this.#audio.createMediaStreamDestination()
      this.#volume.connect(this.#destination)
    }
    return this.#destination
  }

  #connect (tracks: readonly MediaStreamTrack[]): void {
    for (const [track, source] of this.#sources) {
      if (tracks.includes(track)) continue
      source.disconnect()
      this.#sources.delete(track)
    }
    for (const track of tracks) {
      if (this.#sources.has(track)) continue
      const source = this.#audio.createMediaStreamSource(new MediaStream([track]))
      source.connect(this.#volume)
      this.#sources.set(track, source)
    }
  }

  /** Measures what is sent, while somebody wants to know. */
  #measure (): void {
    const track = this.#timer.running ? this.#context.media.track('audio') : null
    if (track === this.#measuredTrack) return
    this.#measuredTrack = track
    this.#measured?.disconnect()
    this.#measured = track === null ? null : this.#audio.createMediaStreamSource(new MediaStream([track]))
    this.#measured?.connect(this.#meter)
  }
}

export default function createSound (context: ExtraContext): Methods & Extra {
  return new Sound(context)
}
