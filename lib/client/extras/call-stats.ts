/** What a call sends and receives, under Ant Media's names. A figure that the browser does not tell is -1. */
export interface CallStats {
  streamId: string | null
  /** When it was measured, in ms since 1970. */
  currentTime: number
  /** Bytes since the call began. */
  totalBytesReceived: number
  totalBytesSent: number
  /** kbit/s since the last measurement. */
  currentIncomingBitrate: number
  currentOutgoingBitrate: number
  /** kbit/s that the way to the other side could take, as the browser estimates it. */
  availableOutgoingBitrate: number
  /** Seconds to the other side and back. */
  currentRoundTripTime: number
  /** How the two are connected: `direct`, `relayed` by a TURN server, or empty where there is no way yet. */
  path: 'direct' | 'relayed' | ''
  audioPacketsSent: number
  videoPacketsSent: number
  audioPacketsReceived: number
  videoPacketsReceived: number
  /** Packets of the other side that have not come. */
  audioPacketsLost: number
  videoPacketsLost: number
  /** Which part of this side's packets does not arrive, 0 to 1, by the other side's last reports. */
  outgoingLoss: number
  /** Seconds. */
  audioJitter: number
  videoJitter: number
  /** The other side's picture. */
  frameWidth: number
  frameHeight: number
  currentFPS: number
  framesReceived: number
  framesDecoded: number
  framesDropped: number
  /** Seconds in which it stood still between two frames, since the call began. */
  frozenTime: number
  /** The picture that is sent. */
  resWidth: number
  resHeight: number
  srcFps: number
  totalFramesEncoded: number
  /** Why the picture is sent smaller than it is: `none`, `cpu`, `bandwidth`, `other`; empty where the browser does not tell. */
  qualityLimitationReason: string
}
