import { WebRTCAdaptor } from './webrtc-adaptor.js'

// For pages that load the SDK with a plain script tag. Those written for Ant Media's look for the class in `webrtc_adaptor`.
Object.assign(globalThis, { WebRTCAdaptor, webrtc_adaptor: { WebRTCAdaptor } })
