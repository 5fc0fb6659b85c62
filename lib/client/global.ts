import { WebRTCAdaptor } from './webrtc-adaptor.js'

// For pages that load the SDK with a plain script tag.
Object.assign(globalThis, { WebRTCAdaptor })
