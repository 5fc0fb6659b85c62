// Which servers are compared, and how each is spoken to. The first is the yardstick.
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
 * What is measured: a name for the table, the load's name for it, and the most that ours may cost of the yardstick;
 * `peers` where there are so many that they take turns.
 */
export const rows = [
  { name: 'candidate, one a segment', work: 'candidate', line: 1.15 },
  { name: 'candidates in bursts of ten', work: 'burst', line: 0.75 },
  { name: 'SDP of 2.6 kB', work: 'sdp', line: 1.45 },
  { name: 'SDP of 7 kB', work: 'sdp-large' },
  { name: 'whole call, fresh connections', work: 'call-fresh', line: 0.95 },
  { name: 'whole call, open connections', work: 'call-open', line: 0.8 },
  { name: 'candidate among 100 rooms', work: 'rooms-100' },
  { name: 'candidate among 1,000 rooms', work: 'rooms-1000', peers: 2_000 },
  { name: 'candidate among 9,900 rooms', work: 'rooms-9900', peers: 19_800, line: 1.05 },
  { name: 'p50 at 2,000 messages a second', work: 'latency', kind: 'latency', line: 1.05 },
  { name: 'memory per idle peer, 5,000', work: 'idle-5000', peers: 5_000, kind: 'memory' },
  { name: 'memory per idle peer, 10,000', work: 'idle-10000', peers: 10_000, kind: 'memory', line: 0.75 }
]
