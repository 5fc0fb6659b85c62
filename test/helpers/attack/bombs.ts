import { deflateRawSync } from 'node:zlib'
import { crowd, enter, some, stranger, Tally, type Attack } from './attack.js'
import { OPCODE, frame } from './raw-socket.js'

// Without a context only what is long is compressed on the way back, so that answers can be read as they are.
const offer = { 'sec-websocket-extensions': 'permessage-deflate; server_no_context_takeover; client_max_window_bits' }

/** Messages of `size` zeros in a few bytes. */
const bombs = (size: number, count: number): Attack => async target => {
  const tally = new Tally()
  const bomb = deflateRawSync(Buffer.alloc(size, 0x20), { finishFlush: 2 }).subarray(0, -4)
  await crowd(some(target, count), 20, async () => {
    const raw = await enter(target, null, { from: stranger(), headers: offer })
    tally.add(/sec-websocket-extensions: permessage-deflate/i.test(raw.head) ? 'negotiated' : 'not negotiated')
    const begun = performance.now()
    raw.write(frame(bomb, { rsv1: true }))
    // Who is told to go says goodbye here.
    void raw.next(text => text.includes('tooLarge')).then(() => raw.write(frame('', { opcode: OPCODE.close })))
    tally.add(`closed ${await raw.closed}`)
    tally.most('longest ms', performance.now() - begun)
    tally.answers(raw)
  })
  tally.most('bytes sent each', bomb.length)
  return tally.outcome
}

/** 30 MiB in 30 KiB. */
export const large = bombs(30 * 1024 * 1024, 100)
/** Just above the limit. */
export const small = bombs(100_000, 100)
