// The kinds of work. Each returns what was done, until it is told to stop; the benchmark reads the server's CPU around it.

/** How many pairs are in a call at once, where the work does not say otherwise. */
const PAIRS = 64

/** Two peers in a room, ready to talk. */
export async function makePair (protocol, port, room) {
  const sockets = []
  for (const side of [0, 1]) {
    const socket = await protocol.connect(port, room, side)
    await protocol.join(socket, room)
    sockets.push(socket)
  }
  return { room, sockets, messages: [0, 1].map(side => protocol.messages(room, side)) }
}

export async function makePairs (protocol, port, count, name) {
  const pairs = []
  for (let i = 0; i < count; i += 100) {
    const batch = Array.from({ length: Math.min(100, count - i) }, (_, j) => makePair(protocol, port, `${name}-${i + j}`))
    pairs.push(...await Promise.all(batch))
  }
  return pairs
}

/**
 * Messages to and fro, `perTurn` of them in one write; the other side answers with as many when all have come.
 * So there is one write, and one read of the server, for each turn.
 */
function relayed (kind, perTurn, pairCount = PAIRS) {
  return {
    async prepare (protocol, port, name) {
      const pairs = await makePairs(protocol, port, pairCount, name)
      const state = { pairs, done: 0, running: false, next: 0 }
      for (const { sockets, messages } of pairs) {
        for (const side of [0, 1]) {
          const own = sockets[side]
          const bytes = Buffer.concat(Array(perTurn).fill(kind(messages[side])))
          let due = perTurn
          // The echo of its own messages comes before the other's answer.
          let echoes = protocol.echoes ? (side === 0 ? perTurn : 0) : 0
          own.wantsText = false
          own.onFrame = () => {
            if (echoes > 0) { echoes--; return }
            state.done++
            if (--due > 0) return
            due = perTurn
            if (!state.running) return
            if (protocol.echoes) echoes = perTurn
            // Where there are more rooms than talk at once, each gives way to the next after a turn.
            if (side === 0 && pairCount > PAIRS) pairs[state.next++ % pairCount].sockets.begin()
            else own.write(bytes)
          }
          if (side === 0) sockets.begin = () => own.write(bytes)
        }
      }
      return state
    },
    start (state) {
      state.running = true
      for (let i = 0; i < Math.min(PAIRS, pairCount); i++) state.pairs[state.next++ % pairCount].sockets.begin()
    },
    stop (state) { state.running = false },
    count: state => state.done,
    async end (state) { await Promise.all(state.pairs.flatMap(({ sockets }) => sockets.map(socket => socket.destroy()))) }
  }
}

/** One call of two peers that are connected: joins, offer, answer, twenty candidates in two bursts, leaves. */
async function call (protocol, room, sockets) {
  const [first, second] = sockets
  await protocol.join(first, room)
  // As real peers do: where the two are on two servers, the first one's hears of the second later than the second itself.
  const started = protocol.start?.(first)
  await protocol.join(second, room)
  await started
  const [ours, theirs] = [0, 1].map(side => protocol.messages(room, side))
  // What tells of the other's joining comes before its first message, so counting by bytes of text would be wrong: one at a time.
  const until = (socket, words) => new Promise(resolve => {
    socket.wantsText = true
    socket.onFrame = text => { if (text.includes(words)) resolve() }
  })
  const offered = until(second, 'packetization-mode=0')
  first.write(ours.offer(2_600))
  await offered
  const answered = until(first, 'packetization-mode=0')
  second.write(theirs.answer(2_600))
  await answered
  const all = [first, second].map(socket => {
    let due = protocol.echoes ? 20 : 10
    return new Promise(resolve => {
      socket.wantsText = false
      socket.onFrame = () => { if (--due === 0) resolve() }
    })
  })
  first.write(Buffer.concat(Array(10).fill(ours.candidate)))
  second.write(Buffer.concat(Array(10).fill(theirs.candidate)))
  await Promise.all(all)
  await protocol.leave(first, room)
  await protocol.leave(second, room)
}

function calls (fresh) {
  return {
    async prepare (protocol, port, name) {
      const state = { done: 0, running: false, loops: [], protocol, port, name, pools: [] }
      if (!fresh) {
        state.pools = await Promise.all(Array.from({ length: PAIRS }, async (_, i) => {
          return await Promise.all([0, 1].map(side => protocol.connect(port, `${name}-${i}`, side)))
        }))
      }
      return state
    },
    start (state) {
      const { protocol, port, name } = state
      state.running = true
      state.loops = Array.from({ length: fresh ? 32 : PAIRS }, async (_, i) => {
        for (let n = 0; state.running; n++) {
          const room = fresh ? `${name}-${i}-${n}` : `${name}-${i}`
          const sockets = fresh ? await Promise.all([0, 1].map(side => protocol.connect(port, room, side))) : state.pools[i]
          await call(protocol, room, sockets)
          if (fresh) await Promise.all(sockets.map(socket => socket.close()))
          state.done++
        }
      })
    },
    async stop (state) {
      state.running = false
      await Promise.all(state.loops)
    },
    count: state => state.done,
    async end (state) { await Promise.all(state.pools.flat().map(socket => socket.destroy())) }
  }
}

/** Messages at a fixed rate, each with the time from its write to its arrival. */
function paced (perSecond) {
  return {
    async prepare (protocol, port, name) {
      const pairs = await makePairs(protocol, port, PAIRS, name)
      const state = { pairs, done: 0, latencies: [], timer: undefined }
      for (const { sockets, messages } of pairs) {
        const queue = []
        sockets[1].wantsText = sockets[0].wantsText = false
        sockets[1].onFrame = () => {
          const sent = queue.shift()
          if (sent !== undefined) state.latencies.push(Number(process.hrtime.bigint() - sent) / 1000)
          state.done++
        }
        sockets.begin = () => {
          queue.push(process.hrtime.bigint())
          sockets[0].write(messages[0].candidate)
        }
      }
      return state
    },
    start (state) {
      const began = process.hrtime.bigint()
      let sent = 0
      // Spread evenly over time, not in bundles: whoever is late catches up.
      const tick = () => {
        const due = Number(process.hrtime.bigint() - began) / 1e9 * perSecond
        while (sent < due) state.pairs[sent++ % state.pairs.length].sockets.begin()
        state.timer = setImmediate(tick)
      }
      tick()
    },
    stop (state) { clearImmediate(state.timer) },
    count: state => state.done,
    latencies: state => state.latencies.splice(0),
    async end (state) { await Promise.all(state.pairs.flatMap(({ sockets }) => sockets.map(socket => socket.destroy()))) }
  }
}

/** Peers that sit in rooms of two and say nothing. */
function idle (peers) {
  return {
    prepare: async (protocol, port, name) => ({ pairs: await makePairs(protocol, port, peers / 2, name) }),
    start () {},
    stop () {},
    count: state => state.pairs.length * 2,
    async end (state) { await Promise.all(state.pairs.flatMap(({ sockets }) => sockets.map(socket => socket.destroy()))) }
  }
}

export const works = {
  candidate: relayed(messages => messages.candidate, 1),
  burst: relayed(messages => messages.candidate, 10),
  sdp: relayed(messages => messages.offer(2_600), 1),
  'sdp-large': relayed(messages => messages.offer(7_000), 1),
  'call-fresh': calls(true),
  'call-open': calls(false),
  'rooms-100': relayed(messages => messages.candidate, 1, 100),
  'rooms-1000': relayed(messages => messages.candidate, 1, 1_000),
  'rooms-9900': relayed(messages => messages.candidate, 1, 9_900),
  latency: paced(2_000),
  'idle-200': idle(200),
  'idle-5000': idle(5_000),
  'idle-10000': idle(10_000)
}
