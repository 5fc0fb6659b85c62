// A second camera, microphone and loudspeaker for Firefox, whose fake has one of each and no loudspeaker.

/** The second one of each kind that `giveSecondDevices` adds. */
export const SECOND = { videoinput: 'second-videoinput', audioinput: 'second-audioinput', audiooutput: 'second-audiooutput' } as const

/**
 * Adds them to a page, before its own scripts run. The second camera gives a blue picture, so that the other side can tell it from the
 * first; the second microphone gives a tone. A loudspeaker that is not there can be chosen, and is heard as little as any on this machine.
 */
export function giveSecondDevices (): void {
  // An empty page has none.
  const mediaDevices = navigator.mediaDevices as MediaDevices | undefined
  if (mediaDevices === undefined) return
  const [enumerate, capture] = [mediaDevices.enumerateDevices.bind(mediaDevices), mediaDevices.getUserMedia.bind(mediaDevices)]
  const named = (kind: string, which: string): MediaDeviceInfo => {
    const device = { kind, deviceId: `${which}-${kind}`, groupId: which, label: `The ${which} ${kind}` }
    return { ...device, toJSON: () => device } as MediaDeviceInfo
  }
  const called = (track: MediaStreamTrack, deviceId: string): MediaStreamTrack => {
    track.getSettings = () => ({ ...MediaStreamTrack.prototype.getSettings.call(track), deviceId })
    return track
  }
  const camera = (): MediaStreamTrack => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 })
    const context = canvas.getContext('2d')
    const draw = (): void => {
      if (context === null) return
      context.fillStyle = '#00f'
      context.fillRect(0, 0, 640, 480)
      requestAnimationFrame(draw)
    }
    draw()
    return canvas.captureStream().getVideoTracks()[0] as MediaStreamTrack
  }
  const microphone = (): MediaStreamTrack => {
    const context = new AudioContext()
    const [tone, ending] = [context.createOscillator(), context.createMediaStreamDestination()]
    tone.connect(ending)
    tone.start()
    return ending.stream.getAudioTracks()[0] as MediaStreamTrack
  }
  mediaDevices.enumerateDevices = async () => [
    ...await enumerate(),
    ...['videoinput', 'audioinput'].map(kind => named(kind, 'second')),
    ...['first', 'second'].map(which => named('audiooutput', which))
  ]
  mediaDevices.getUserMedia = async (constraints = {}) => {
    const stream = new MediaStream()
    const first = { ...constraints }
    for (const [kind, make] of [['video', camera], ['audio', microphone]] as const) {
      const deviceId = `second-${kind}input`
      if (!JSON.stringify(constraints[kind] ?? null).includes(deviceId)) continue
      first[kind] = false
      stream.addTrack(called(make(), deviceId))
    }
    if ([first.video, first.audio].some(asked => asked !== undefined && asked !== false)) {
      for (const track of (await capture(first)).getTracks()) stream.addTrack(track)
    }
    return stream
  }
  const sinks = new WeakMap<HTMLMediaElement, string>()
  Object.defineProperties(HTMLMediaElement.prototype, {
    setSinkId: { configurable: true, value: async function (this: HTMLMediaElement, deviceId: string) { sinks.set(this, deviceId) } },
    sinkId: { configurable: true, get (this: HTMLMediaElement) { return sinks.get(this) ?? '' } }
  })
}
