import { AdaptorError, WebRTCAdaptor, type CallbackEvents, type CallbackName, type ErrorName, type WebRTCAdaptorOptions } from '../../lib/client/webrtc-adaptor.js'

// What must compile for a page and, below each @ts-expect-error, what must not. Checked by types.test.ts, never run.

// The page that was there before the SDK, to the letter.
const adaptor = new WebRTCAdaptor({
  websocket_url: 'ws://localhost:8081/WebRTCApp4',
  mediaConstraints: { video: true, audio: true },
  peerconnection_config: null,
  sdp_constraints: { OfferToReceiveAudio: true, OfferToReceiveVideo: true },
  localVideoId: 'localVideo',
  remoteVideoId: 'remoteVideo',
  callback (info, obj) { void [info, obj] },
  callbackError (error, message) { void [error, message] }
})

// The name tells what comes with it.
export const narrowing: WebRTCAdaptorOptions = {
  callback (info, obj) {
    if (info === 'joined') {
      const room: string = obj.streamId
      const others: number = obj.peers
      void [room, others]
      // @ts-expect-error no such field
      void obj.delay
    }
    switch (info) {
      case 'reconnecting': void obj.delay.toFixed(); break
      case 'closed': void obj.code.toFixed(); break
      case 'remote_stream': void obj.stream?.getTracks(); break
      case 'initialized': { const nothing: undefined = obj; void nothing }
    }
  }
}
export const nameOnly: WebRTCAdaptorOptions = { callback: (info: CallbackName) => { void info.length } }
// A callback that takes any name takes those of the application's server as well.
export const anyName: WebRTCAdaptorOptions = { callback (info: string, obj: unknown) { if (info === 'countdown') void obj } }

// Every method is a promise, and takes the room's name that Ant Media's pages pass.
export const done: Array<Promise<void>> = [
  adaptor.leave(), adaptor.leave('room'),
  adaptor.turnOffLocalCamera(), adaptor.turnOffLocalCamera('room'), adaptor.turnOnLocalCamera(), adaptor.turnOnLocalCamera('room'),
  adaptor.muteLocalMic(), adaptor.muteLocalMic('room'), adaptor.unmuteLocalMic(), adaptor.unmuteLocalMic('room'),
  adaptor.close()
]
export const seat: Promise<{ streamId: string, peers: number }> = adaptor.join('room')
void adaptor.join('room', 'token')
// @ts-expect-error a room has a name
void adaptor.join()
// @ts-expect-error which is a string
void adaptor.join(1)
// @ts-expect-error no such method
void adaptor.hangUp()
// @ts-expect-error the room is joined, not set
adaptor.roomName = 'room'

// Options.
export const watching: WebRTCAdaptorOptions = { isPlayMode: true, peerconnection_config: { iceTransportPolicy: 'relay' } }
// @ts-expect-error no such option
export const bad1: WebRTCAdaptorOptions = { websocketUrl: 'ws://localhost' }
// @ts-expect-error not an address
export const bad2: WebRTCAdaptorOptions = { websocket_url: 8081 }
// @ts-expect-error the browser's own constraints
export const bad3: WebRTCAdaptorOptions = { mediaConstraints: { camera: true } }
// @ts-expect-error the browser's own configuration
export const bad4: WebRTCAdaptorOptions = { peerconnection_config: { servers: [] } }
// @ts-expect-error an id, not an element
export const bad5: WebRTCAdaptorOptions = { localVideoId: document.createElement('video') }

// Callbacks by name.
export const names: CallbackName[] = ['initialized', 'joined', 'leaved', 'server_will_stop', 'reconnecting', 'reconnected', 'closed']
// @ts-expect-error an error is an event, and no callback: that is callbackError's
export const errorName: CallbackName = 'error'
// @ts-expect-error no such callback
export const badName: CallbackName = 'hello'
export const errors: ErrorName[] = [
  'NotFoundError', 'NotAllowedError', 'SecurityError', 'PermissionDeniedError', 'WebSocketNotConnected',
  'NoSpaceForNewPeer', 'noStreamNameSpecified', 'unauthorized_access'
]
// @ts-expect-error no such error
export const badError: ErrorName = 'EverythingFailed'
export const resumed = ({ resumed }: CallbackEvents['reconnected']): boolean => resumed
// @ts-expect-error no such field
export const missing = ({ oops }: CallbackEvents['reconnected']): unknown => oops
export const retryAfter = (error: AdaptorError): number | undefined => error.retryAfter

// Events by name, for who prefers them.
adaptor.on('joined', ({ streamId }) => { void streamId.length })
adaptor.on('reconnecting', ({ delay }) => { void delay.toFixed() })
adaptor.on('error', error => { const known: AdaptorError = error; void known.retryAfter })
// @ts-expect-error no such event
adaptor.on('hello', () => {})
// @ts-expect-error no such field
adaptor.on('reconnecting', ({ oops }) => { void oops })
