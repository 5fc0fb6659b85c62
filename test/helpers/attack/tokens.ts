import { randomBytes, randomUUID } from 'node:crypto'
import { crowd, enter, some, stranger, Tally, times, type Attack } from './attack.js'
import { frame, json, OPCODE, type RawSocket } from './raw-socket.js'

interface Joined { peerId: string, resumeToken: string, resumed: boolean }

async function sit (raw: RawSocket, streamId: string, resumeToken?: string): Promise<Joined> {
  const joined = raw.next(text => text.includes('"joined"') || text.includes('"error"'))
  raw.write(json({ command: 'join', streamId, resume: true, resumeToken, received: 0 }))
  return JSON.parse(await joined ?? '{}') as Joined
}

/** 100,000 tokens that nobody has issued, each with the join of a room that did not exist, from 250 addresses. */
export const forged: Attack = async target => {
  const tally = new Tally()
  await crowd(some(target, 500), 20, async index => {
    const raw = await enter(target, null, { from: stranger() })
    raw.write(Buffer.concat(times(200, i => {
      const resumeToken = [`${randomUUID()}.${randomBytes(24).toString('base64url')}`, '.'.repeat(256), 'x'.repeat(256), '\u0000.\ud83d\ude00'][i % 4]
      const streamId = `forged-${index}-${i}`
      return Buffer.concat([json({ command: 'join', streamId, resume: true, resumeToken, received: i }), json({ command: 'leave', streamId })])
    })))
    raw.write(json({ command: 'end' }))
    await raw.next(text => text.includes('Unknown command'))
    tally.answers(raw)
    raw.destroy()
  })
  return tally.outcome
}

/**
 * Two sit in a room, of whom one has lost its socket. 100,000 guesses at its token, each with the right id, which is no
 * secret; each makes the server ask the one who is there whether it lives. Then the owner comes back.
 */
export const guesses: Attack = async target => {
  const tally = new Tally()
  const room = 'guessed'
  const stays = await enter(target, null, { from: stranger() })
  const { peerId } = await sit(stays, room)
  const goes = await enter(target, null, { from: stranger() })
  const lost = await sit(goes, room)
  goes.destroy()
  await goes.closed
  const count = some(target, 205)
  let resumed = 0
  await crowd(count, 25, async () => {
    const raw = await enter(target, null, { from: stranger() })
    for (let i = 0; i < 10 && !raw.ended; i++) {
      // Behind each join that waits for a probe at most 256 frames may wait.
      const end = raw.next(text => text.includes('Unknown command'))
      raw.write(Buffer.concat([...times(49, n => json({
        command: 'join', streamId: room, resume: true, resumeToken: `${n % 2 === 0 ? lost.peerId : peerId}.${randomBytes(24).toString('base64url')}`
      })), json({ command: 'end' })]))
      await end
    }
    resumed += raw.counts.joined ?? 0
    tally.answers(raw)
    raw.destroy()
  })
  tally.add('guessed right', resumed)
  tally.add('victim asked', stays.pinged)
  tally.add('victim refused', stays.counts.rateExceeded ?? 0)
  const back = await enter(target, null, { from: stranger() })
  tally.add('owner back', (await sit(back, room, lost.resumeToken)).resumed ? 1 : 0)
  tally.add('victim still there', stays.ended ? 0 : 1)
  for (const raw of [back, stays]) {
    raw.write(frame(Buffer.from([3, 232]), { opcode: OPCODE.close }))
    await raw.closed
  }
  return tally.outcome
}

/** Rooms full of the dead, 2,000 who want their seats, and somebody who wants a room of his own. */
export const waiting: Attack = async target => {
  const tally = new Tally()
  const from = times(6, stranger)
  const dead = await crowd(4, 4, async index => await enter(target, `dead-${index >> 1}`, { from: from[5] as string, pong: false }))
  const begun = performance.now()
  const open = await crowd(some(target, 2_000), 100, async index => {
    const raw = await enter(target, null, { from: from[index % 5] as string })
    raw.write(json({ command: 'join', streamId: `dead-${index % 2}` }))
    return raw
  })
  const newcomer = await enter(target, 'alive', { from: stranger() })
  tally.add('newcomer seated', newcomer.counts.joined ?? 0)
  newcomer.destroy()
  await Promise.all(dead.map(async raw => await raw.closed))
  // A pong comes behind the answer to the join.
  await crowd(open.length, 100, async index => {
    const raw = open[index] as typeof open[number]
    const answered = raw.next(text => text.includes('"pong"'))
    raw.write(json({ command: 'ping' }))
    await answered
  })
  tally.most('longest ms', performance.now() - begun)
  for (const raw of open) {
    tally.answers(raw)
    raw.destroy()
  }
  return tally.outcome
}
