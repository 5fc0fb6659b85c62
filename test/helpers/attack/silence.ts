import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { crowd, enter, some, stranger, Tally, times, type Attack } from './attack.js'
import { OPCODE, frame, handshake, json } from './raw-socket.js'

/** Upgrade requests that come byte by byte and never end. */
export const slowHandshakes: Attack = async target => {
  const tally = new Tally()
  const text = Buffer.from(handshake('/attack', { 'x-slow': 'x'.repeat(100_000) }))
  await Promise.all(times(some(target, 500), async () => {
    const socket = connect({ port: target.port, host: '127.0.0.1', localAddress: '127.0.0.4' })
    socket.on('error', () => {})
    const begun = performance.now()
    let at = 0
    let answer = ''
    socket.on('data', chunk => { answer += String(chunk) })
    const dribble = setInterval(() => socket.write(text.subarray(at, ++at)), 50)
    await new Promise(resolve => socket.once('close', resolve))
    clearInterval(dribble)
    tally.add(/HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 'cut off')
    tally.most('longest ms', performance.now() - begun)
  }))
  return tally.outcome
}

/** Clients that take a seat and are never heard of again, though their sockets stay. */
export const halfOpen: Attack = async target => {
  const tally = new Tally()
  const from = stranger()
  const open = await crowd(some(target, 300), 25, async index => await enter(target, `half-open-${index >> 1}`, { from, pong: false }))
  for (const raw of open) void raw.closed.then(() => tally.add('cut off'))
  // The interval after which a quiet connection is pinged, and the time that it has for the pong.
  await target.advance(26_000)
  await Promise.all(open.map(async raw => await raw.asked))
  await target.advance(11_000)
  await Promise.all(open.map(async raw => await raw.closed))
  return tally.outcome
}

/** Clients that join nothing, and answer every ping. */
export const idle: Attack = async target => {
  const tally = new Tally()
  const from = stranger()
  const open = await crowd(some(target, 300), 25, async () => await enter(target, null, { from }))
  await target.advance(601_000)
  for (const raw of open) tally.add(`closed ${await raw.closed}`)
  return tally.outcome
}

/** Clients that do not answer a close frame, and clients that send one and then stay. */
export const closing: Attack = async target => {
  const tally = new Tally()
  const from = stranger()
  const open = await crowd(some(target, 200), 50, async index => {
    const raw = await enter(target, `closing-${index >> 1}`, { from })
    // The server's end of the connection is ended; this one is kept open.
    raw.socket.allowHalfOpen = true
    raw.write(index % 2 === 0 ? frame(Buffer.from([0xff])) : frame(Buffer.from([3, 232]), { opcode: OPCODE.close }))
    return raw
  })
  const begun = performance.now()
  await target.quiet(2)
  tally.most('longest ms to cut off', performance.now() - begun)
  for (const raw of open) {
    tally.answers(raw)
    raw.destroy()
    tally.add(`closed ${await raw.closed}`)
  }
  return tally.outcome
}

/** Ten send to one that does not read: more than the kernel's buffers and the server's bound hold together. */
export const deaf: Attack = async target => {
  const tally = new Tally()
  const ear = await enter(target, null, { from: stranger() })
  const senders = await Promise.all(times(10, async index => {
    ear.write(json({ command: 'join', streamId: `deaf-${index}` }))
    await ear.next(text => text.includes('"joined"'))
    return await enter(target, `deaf-${index}`, { from: stranger() })
  }))
  ear.socket.pause()
  const body = 'x'.repeat(65_000)
  const stopped = senders.map(async raw => await raw.next(text => text.includes('"command":"stop"')))
  let sent = 0
  let kept = 0
  for (let round = 0; round < 60 && kept !== -1; round++) {
    await Promise.all(senders.map(async (raw, index) => {
      const answered = raw.next(text => text.includes('"pong"'))
      raw.write(Buffer.concat([...times(7, () => json({ command: 'peerMessageCommand', streamId: `deaf-${index}`, definition: 'deaf', data: body })), json({ command: 'ping' })]))
      await answered
      sent += 7 * body.length
    }))
    // It says something from time to time, so that it does not pass for dead; and its friends may send again.
    await ear.push(json({ command: 'ping' }))
    kept = await target.heard(ear)
    tally.most('KiB kept', kept / 1024)
    await target.advance(4_000)
  }
  await Promise.all(stopped)
  tally.add('told that it is gone', senders.length)
  tally.most('KiB until it was cut off', sent / 1024)
  for (const raw of [ear, ...senders]) raw.destroy()
  return tally.outcome
}

/** One asks for answers within the limits, and does not read them. */
const unread = (one: Buffer, rounds: number): Attack => async target => {
  const tally = new Tally()
  const raw = await enter(target, null, { from: stranger() })
  raw.socket.pause()
  const chunk = Buffer.concat(times(450, () => one))
  let kept = 0
  let sent = 0
  for (; sent < some(target, rounds) && kept !== -1; sent++) {
    await raw.push(chunk)
    kept = await target.heard(raw)
    tally.most('KiB kept', kept / 1024)
    // 450 frames come back to its bucket within 4.5 s.
    await target.advance(5_000)
  }
  tally.add('cut off', kept === -1 ? 1 : 0)
  tally.add('answers unread', sent * 450)
  raw.destroy()
  return tally.outcome
}

export const unreadPongs = unread(frame(Buffer.alloc(125), { opcode: OPCODE.ping }), 400)
export const unreadErrors = unread(json({ command: 'x'.repeat(64) }), 200)

/**
 * Everybody at one address sits in ten rooms, answers no ping, and is sent all that may be kept for it; half lose their sockets
 * on the way. What is kept for them all is what each may have, times their number, unless the address has a bound of its own.
 */
export const replayLogs: Attack = async target => {
  const tally = new Tally()
  const from = stranger()
  const sitters = await crowd(some(target, 40), 10, async index => {
    const sitter = await enter(target, null, { from, pong: false })
    const sender = await enter(target, null, { from: stranger() })
    const rooms = times(10, room => `kept-${index}-${room}`)
    for (const streamId of rooms) {
      for (const raw of [sitter, sender]) {
        const joined = raw.next(text => text.includes('"joined"'))
        raw.write(json({ command: 'join', streamId, resume: raw === sitter }))
        await joined
      }
    }
    return { sitter, sender, rooms }
  })
  const body = 'x'.repeat(60_000)
  for (let round = 0; round < 5; round++) {
    if (round === 2) for (const { sitter } of sitters.slice(sitters.length / 2)) sitter.destroy()
    await crowd(sitters.length, 10, async index => {
      const { sender, rooms } = sitters[index] as typeof sitters[number]
      // 480 kB at once are within the limits, and four seconds later as much may come again.
      const answered = sender.next(text => text.includes('"pong"'))
      const messages = rooms.slice(2 * round, 2 * round + 2).flatMap(streamId =>
        times(4, () => json({ command: 'peerMessageCommand', streamId, definition: 'kept', data: body })))
      sender.write(Buffer.concat([...messages, json({ command: 'ping' })]))
      await answered
    })
    tally.most('KiB kept', (await target.kept()).bytes / 1024)
    await target.advance(4_000)
  }
  tally.add('KiB sent to be kept', sitters.length * 2_344)
  for (const { sitter, sender } of sitters) {
    tally.add('seats given up', sender.counts.stop ?? 0)
    sitter.destroy()
    sender.destroy()
  }
  // The windows of those that are away.
  while ((await target.kept()).rooms > 1) await pause(50)
  return tally.outcome
}
