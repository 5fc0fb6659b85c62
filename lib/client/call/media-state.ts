/** What one side's camera and microphone are doing. */
export interface MediaState {
  camera: boolean
  microphone: boolean
  /** The picture is that of the screen. */
  screen?: boolean
}

/** How the other side is seen and heard. `frozen`: the picture should move, and no frame of it comes. */
export interface RemoteMediaState {
  video: 'live' | 'frozen' | 'off'
  audio: 'live' | 'off'
  /** The picture is that of a screen. Only a peer of this SDK says so. */
  screen?: boolean
}
