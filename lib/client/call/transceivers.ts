import { quiet } from '../base/deferred.js'
import type { Kind } from '../media/local-track.js'

/**
 * What a peer connection shall carry of one kind, and in which directions.
 *
 * @internal
 */
export interface TransceiverPlan {
  /** The local track; `null` while its device is off. */
  track: MediaStreamTrack | null
  send: boolean
  receive: boolean
}

export type TransceiverPlans = Record<Kind, TransceiverPlan>

export const KINDS: readonly Kind[] = ['audio', 'video']

function directionOf ({ send, receive }: TransceiverPlan): RTCRtpTransceiverDirection {
  if (send) return receive ? 'sendrecv' : 'sendonly'
  return receive ? 'recvonly' : 'inactive'
}

function find (peerConnection: RTCPeerConnection, kind: Kind): RTCRtpTransceiver | undefined {
  return peerConnection.getTransceivers().find(transceiver => transceiver.receiver.track.kind === kind && transceiver.currentDirection !== 'stopped')
}

/**
 * Brings the transceivers in line with `plans`. `add` tells for which kinds a section may be added that the description
 * does not have yet, and `order` in which order. A sender may have its track a moment later: an answer need not wait for it.
 */
export function arrange (
  peerConnection: RTCPeerConnection, plans: TransceiverPlans, group: MediaStream, add: 'all' | 'sending' | 'none', order: readonly Kind[] = KINDS
): void {
  for (const kind of order) {
    const plan = plans[kind]
    const direction = directionOf(plan)
    const transceiver = find(peerConnection, kind)
    if (transceiver === undefined) {
      if (direction !== 'inactive' && (add === 'all' || (add === 'sending' && plan.track !== null))) {
        peerConnection.addTransceiver(plan.track ?? kind, { direction, streams: [group] })
      }
      continue
    }
    if (transceiver.sender.track !== plan.track) {
      // Fails on a connection that is being closed, where it does not matter.
      void quiet(transceiver.sender.replaceTrack(plan.track))
    }
    if (transceiver.direction === direction) continue
    // A section that the other side opened belongs to no stream of ours yet; Ant Media's SDK shows streams, not tracks.
    if (plan.send) transceiver.sender.setStreams?.(group)
    transceiver.direction = direction
  }
}

/** The tracks that the other side has agreed to send. */
export function receivedTracks (peerConnection: RTCPeerConnection): MediaStreamTrack[] {
  return peerConnection.getTransceivers()
    .filter(transceiver => transceiver.currentDirection === 'sendrecv' || transceiver.currentDirection === 'recvonly')
    .map(transceiver => transceiver.receiver.track)
}
