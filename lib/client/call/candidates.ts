import { numberOf, textOf, type Frame } from '../signalling/frames.js'
import type { UnaddressedMessage } from './session-message.js'

/** The candidate of a `takeCandidate` message. */
export function candidateOf (frame: Frame): RTCIceCandidateInit {
  const sdpMid = textOf(frame.id)
  const usernameFragment = textOf(frame.usernameFragment)
  return {
    candidate: textOf(frame.candidate) ?? '',
    // Clients that know no mid send an empty one.
    ...sdpMid === undefined || sdpMid === '' ? {} : { sdpMid },
    sdpMLineIndex: numberOf(frame.label) ?? 0,
    ...usernameFragment === undefined ? {} : { usernameFragment }
  }
}

/** The message for a local candidate, or for the end of them (`null`): always with the numbers that native clients need. */
export function candidateMessage (peerConnection: RTCPeerConnection, candidate: RTCIceCandidate | null): UnaddressedMessage {
  const fragment = candidate?.usernameFragment
  return {
    command: 'takeCandidate',
    label: candidate?.sdpMLineIndex ?? 0,
    id: candidate?.sdpMid ?? peerConnection.getTransceivers()[0]?.mid ?? '0',
    candidate: candidate?.candidate ?? '',
    ...typeof fragment === 'string' ? { usernameFragment: fragment } : {}
  }
}
