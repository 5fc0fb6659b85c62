// Which servers are compared, and how each is spoken to. The first is the yardstick.
import { measureCost, measureLatency } from './measure.js'
import { measureMemory } from './memory.js'
import { measureStorm } from './storm.js'

export const contestants = [
  { name: 'bare ws', file: './servers/ws.js', protocol: 'relay' },
  { name: 'ws + JSON.parse', file: './servers/ws.js', args: ['--parse'], protocol: 'relay' },
  { name: 'by hand on Fastify', file: './servers/by-hand.js', protocol: 'antMedia' },
  { name: 'PeerJS', file: './servers/peerjs.js', protocol: 'peerjs' },
  { name: 'socket.io', file: './servers/socket-io.js', protocol: 'socketIo' },
  { name: 'y-webrtc', file: './servers/y-webrtc.js', protocol: 'yWebrtc' },
  { name: 'ours, plain clients', file: './servers/ours.js', protocol: 'antMedia' },
  { name: 'ours, resumable clients', file: './servers/ours.js', protocol: 'resumable' }
]

/**
 * What is measured: the load's name for it, how, and one or more lines of the table. `line` is the most that ours may cost of the
 * yardstick; `peers` is how many there are where they must take turns.
 */
export const rows = [
  { work: 'candidate', measure: measureCost, name: 'candidate, one a segment', line: 1.15 },
  { work: 'burst', measure: measureCost, name: 'candidates in bursts of ten', line: 0.75 },
  { work: 'sdp', measure: measureCost, name: 'SDP of 2.6 kB', line: 1.45 },
  { work: 'sdp-large', measure: measureCost, name: 'SDP of 7 kB' },
  { work: 'call-fresh', measure: measureCost, name: 'whole call, fresh connections', line: 0.95 },
  { work: 'call-open', measure: measureCost, name: 'whole call, open connections', line: 0.8 },
  { work: 'rooms-100', measure: measureCost, name: 'candidate among 100 rooms' },
  { work: 'rooms-1000', measure: measureCost, name: 'candidate among 1,000 rooms', peers: 2_000 },
  { work: 'rooms-9900', measure: measureCost, name: 'candidate among 9,900 rooms', peers: 19_800, line: 1.05 },
  { work: 'latency', measure: measureLatency, name: 'at 2,000 messages a second', line: 1.05 },
  { work: 'idle-5000', measure: measureMemory, name: 'memory per idle peer, 5,000', peers: 5_000 },
  { work: 'idle-10000', measure: measureMemory, name: 'memory per idle peer, 10,000', peers: 10_000, line: 0.75 },
  { work: 'storm', measure: measureStorm, name: 'storm of 10,000', peers: 10_000, line: 1.2 }
]
