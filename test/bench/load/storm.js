// A storm of clients: all are cut off at once, by a proxy that begins anew, say, and come back as the SDK's policy has it.
import { reconnectPolicy } from '../../../dist/client/webrtc_adaptor.mjs'
import { makePairs } from './work.js'

/** For how long nobody can be reached, ms. Each try within it fails at once. */
const OUTAGE = 5_000

/** When a client first tries again after the outage, in ms from its beginning. */
function firstTry () {
  let at = 0
  for (let attempt = 0; ; attempt++) {
    at += reconnectPolicy({ attempt, elapsed: at, random: Math.random() })
    if (at >= OUTAGE) return at
  }
}

export function storm (peers) {
  return {
    async prepare (protocol, port, name) {
      return { protocol, port, pairs: await makePairs(protocol, port, peers / 2, name) }
    },
    /** Cuts all off; ends once all are back, each in its own seat where the server has such a thing. */
    async storm ({ protocol, port, pairs }) {
      const began = performance.now()
      let jitter = 0
      await Promise.all(pairs.flatMap(({ room, sockets }) => [0, 1].map(async side => {
        const at = firstTry()
        jitter = Math.max(jitter, at)
        const lost = sockets[side]
        await lost.cut()
        await new Promise(resolve => setTimeout(resolve, at - (performance.now() - began)))
        sockets[side] = await protocol.connect(port, room, side)
        await protocol.join(sockets[side], room, lost)
      })))
      return { back: performance.now() - began, jitter }
    },
    async end ({ pairs }) { await Promise.all(pairs.flatMap(({ sockets }) => sockets.map(socket => socket.destroy()))) }
  }
}
