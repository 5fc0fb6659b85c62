/** Which device each kind of track comes from. */
export const DEVICES = { audio: 'microphone', video: 'camera' } as const
