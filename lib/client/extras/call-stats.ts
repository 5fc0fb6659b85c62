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
  audioPacketsSent: number
  videoPacketsSent: number
  audioPacketsReceived: number
  videoPacketsReceived: number
  /** Packets of the other side that have not come. */
  audioPacketsLost: number
  videoPacketsLost: number
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
  /** The picture that is sent. */
  resWidth: number
  resHeight: number
  srcFps: number
  totalFramesEncoded: number
  /** Why the picture is sent smaller than it is: `none`, `cpu`, `bandwidth`, `other`; empty where the browser does not tell. */
  qualityLimitationReason: string
}
