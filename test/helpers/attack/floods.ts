import { crowd, enter, some, stranger, Tally, times, type Attack } from './attack.js'
import { OPCODE, RawSocket, frame, json } from './raw-socket.js'

const CHUNK = 500

/** Writes the same frames over and over, and goes on after the server has said that it closes, for as long as it lets one. */
async function flood (raw: RawSocket, one: Buffer, count: number, tally: Tally): Promise<void> {
  const chunk = Buffer.concat(times(CHUNK, () => one))
  const begun = performance.now()
  void raw.closed.then(code => tally.add(`closed ${code}`))
  // Also a warm-up is to be a flood: more than any limit lets through.
  for (let sent = 0; sent < Math.max(count, 4 * CHUNK) && !raw.ended; sent += CHUNK) await raw.push(chunk)
  await raw.closed
  tally.most('longest ms', performance.now() - begun)
  tally.most('longest ms to cut off', raw.lingered)
  tally.answers(raw)
}

/** Twenty clients that write without end, each 100,000 frames if it may. */
export const frames: Attack = async target => {
  const tally = new Tally()
  await crowd(20, 20, async () => {
    await flood(await enter(target, null, { from: stranger() }), json({ command: 'ping' }), some(target, 100_000), tally)
  })
  return tally.outcome
}

/** Pairs of which one floods the other with what is to be relayed. */
export const relays: Attack = async target => {
  const tally = new Tally()
  await crowd(10, 10, async index => {
    const room = `relays-${index}`
    const [from, to] = [await enter(target, room, { from: stranger() }), await enter(target, room, { from: stranger() })]
    const data = 'x'.repeat(900)
    await flood(from, json({ command: 'peerMessageCommand', streamId: room, definition: 'flood', data }), some(target, 20_000), tally)
    tally.add('relayed', to.counts.flood)
    to.destroy()
  })
  return tally.outcome
}

/** Control frames, which never reach the application: each is to be answered by ws with a frame of its own. */
export const pings: Attack = async target => {
  const tally = new Tally()
  await crowd(10, 10, async () => {
    await flood(await enter(target, null, { from: stranger() }), frame(Buffer.alloc(125), { opcode: OPCODE.ping }), some(target, 50_000), tally)
  })
  await crowd(10, 10, async () => {
    await flood(await enter(target, null, { from: stranger() }), frame(Buffer.alloc(125), { opcode: OPCODE.pong }), some(target, 50_000), tally)
  })
  return tally.outcome
}

/** One address that joins and leaves as fast as it can, on ten connections. */
export const joins: Attack = async target => {
  const tally = new Tally()
  const from = stranger()
  await crowd(10, 10, async index => {
    const raw = await enter(target, null, { from })
    raw.write(Buffer.concat(times(200, i => Buffer.concat([
      json({ command: 'join', streamId: `joins-${index}-${i}` }), json({ command: 'leave', streamId: `joins-${index}-${i}` })
    ]))))
    raw.write(json({ command: 'end' }))
    await raw.next(text => text.includes('Unknown command'))
    tally.answers(raw)
    raw.destroy()
  })
  return tally.outcome
}

/** One address that opens as many connections as it can, and holds them. */
const held = (joins: boolean): Attack => async target => {
  const tally = new Tally()
  const from = stranger()
  const open = await crowd(some(target, 1_500), 50, async index => {
    const begun = performance.now()
    const raw = await enter(target, null, { from })
    tally.add(String(raw.status))
    if (raw.status !== 101) tally.most('longest ms to refuse', performance.now() - begun)
    else if (joins) {
      const joined = raw.next()
      raw.write(json({ command: 'join', streamId: `held-${index}` }))
      await joined
    }
    return raw
  })
  await target.quiet(2 + 563)
  for (const raw of open) {
    tally.answers(raw)
    raw.destroy()
  }
  return tally.outcome
}

/** Each takes a seat at once. */
export const connections = held(true)
/** None ever joins, and none answers the close frame. */
export const strays = held(false)

/** Upgrades from pages of another host. */
export const origins: Attack = async target => {
  const tally = new Tally()
  await crowd(some(target, 3_000), 50, async () => {
    const begun = performance.now()
    const raw = await enter(target, null, { headers: { origin: 'https://elsewhere.example' } })
    tally.add(String(raw.status))
    tally.most('longest ms to refuse', performance.now() - begun)
    raw.destroy()
  })
  return tally.outcome
}

/** 100,000 names: as many rooms made and left as the limits let through, from 250 addresses. */
export const names: Attack = async target => {
  const tally = new Tally()
  const count = some(target, 500)
  await crowd(count, 20, async index => {
    // 200 joins and 200 leaves are within what may come at once.
    const raw = await enter(target, null, { from: stranger() })
    raw.write(Buffer.concat(times(200, i => {
      const streamId = `name-${index}-${i}-${'x'.repeat(100)}`
      return Buffer.concat([json({ command: 'join', streamId }), json({ command: 'leave', streamId })])
    })))
    raw.write(json({ command: 'end' }))
    await raw.next(text => text.includes('Unknown command'))
    tally.answers(raw)
    raw.destroy()
  })
  return tally.outcome
}

/** The same names, held: as many rooms at once as anybody gets. */
export const rooms: Attack = async target => {
  const tally = new Tally()
  const from = times(some(target, 24), stranger)
  const open = await crowd(some(target, 1_200), 50, async index => {
    const raw = await enter(target, null, { from: from[index % from.length] as string })
    raw.write(Buffer.concat(times(84, i => json({ command: 'join', streamId: `held-${index}-${i}` }))))
    raw.write(json({ command: 'end' }))
    await raw.next(text => text.includes('Unknown command'))
    tally.answers(raw)
    return raw
  })
  for (const raw of open) raw.destroy()
  return tally.outcome
}
