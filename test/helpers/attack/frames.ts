import { crowd, enter, some, stranger, Tally, times, type Attack } from './attack.js'
import { OPCODE, frame, json, type RawSocket } from './raw-socket.js'

async function ends (raw: RawSocket, begun: number, tally: Tally): Promise<void> {
  tally.add(`closed ${await raw.closed}`)
  tally.most('longest ms', performance.now() - begun)
  tally.answers(raw)
}

/** Frames that are a little too large, far too large, and larger than any memory. */
export const huge: Attack = async target => {
  const tally = new Tally()
  await crowd(some(target, 300), 20, async index => {
    const raw = await enter(target, null, { from: stranger() })
    const begun = performance.now()
    if (index % 3 === 0) raw.write(frame('x'.repeat(100_000)))
    else if (index % 3 === 1) raw.write(frame('x'.repeat(1_048_576)))
    else raw.write(frame('x'.repeat(100_000), { length: 2 ** 46 }))
    // Who is told to go says goodbye here.
    await Promise.race([raw.closed, raw.next(text => text.includes('tooLarge')).then(() => raw.write(frame('', { opcode: OPCODE.close })))])
    await ends(raw, begun, tally)
  })
  return tally.outcome
}

/** Messages in fragments, none of which is the last: of one byte, of none, and of 16 KiB. */
export const fragments: Attack = async target => {
  const tally = new Tally()
  const bodies = ['x', '', 'x'.repeat(16_384)]
  await crowd(some(target, 150), 30, async index => {
    const raw = await enter(target, null, { from: stranger() })
    const begun = performance.now()
    const body = bodies[index % 3] as string
    const more = Buffer.concat(times(20, () => frame(body, { opcode: OPCODE.continuation, fin: false })))
    await raw.push(frame(body, { fin: false }))
    for (let i = 0; i < 500 && !raw.ended; i++) await raw.push(more)
    await ends(raw, begun, tally)
  })
  return tally.outcome
}

/** What a client may keep a server holding: a message that is nearly as large as it may be, and never ends. */
export const unfinished: Attack = async target => {
  const tally = new Tally()
  const from = stranger()
  const open = await crowd(some(target, 500), 25, async () => {
    const raw = await enter(target, null, { from })
    await raw.push(frame('x'.repeat(131_000), { fin: false }))
    raw.write(frame('', { opcode: OPCODE.ping }))
    return raw
  })
  for (const raw of open) raw.destroy()
  tally.add('held', open.length)
  return tally.outcome
}

/** Bytes that are no UTF-8: overlong, surrogates, cut short, out of range. */
export const garbage: Attack = async target => {
  const tally = new Tally()
  const bodies = [[0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80], [0xff]].map(bytes => Buffer.from([0x22, ...bytes]))
  await crowd(some(target, 2_000), 25, async index => {
    const raw = await enter(target, null, { from: '127.0.0.3' })
    const begun = performance.now()
    const one = frame(bodies[index % bodies.length] as Buffer)
    raw.write(Buffer.concat(times(100, () => one)))
    tally.add(`closed ${await raw.closed}`)
    tally.most('longest ms', performance.now() - begun)
  })
  return tally.outcome
}

/** JSON that is as slow as 64 KiB of it can be, as a message that is relayed; all that an address may send at once. */
export const slowJson: Attack = async target => {
  const tally = new Tally()
  const size = 65_000
  const nested = (open: string, close: string) => open.repeat(size / (open.length + close.length) | 0) + close.repeat(size / (open.length + close.length) | 0)
  const data = [
    nested('[', ']'),
    nested('{"a":', '}').replace('{"a":}', '{"a":1}'),
    '1'.repeat(size),
    `0.${'0'.repeat(size - 400)}${'1'.repeat(300)}e-300`,
    `"${'\\u0041'.repeat(size / 6 | 0)}"`,
    `"${'\\"'.repeat(size / 2 | 0)}"`,
    `[${times(size / 5 | 0, () => '1e99').join(',')}]`,
    `{${times(size / 11 | 0, i => `"${i * 32_768 % 16_777_216}":1`).join(',')}}`.slice(0, -1).slice(0, size).replace(/,[^,]*$/, '}'),
    `{${times(size / 9 | 0, i => `"k${i}":0`).join(',').slice(0, size).replace(/,[^,]*$/, '')}}`,
    `{${times(size / 6 | 0, () => '"a":0').join(',')}}`
  ]
  await crowd(some(target, 40), 4, async index => {
    const raw = await enter(target, `slow-${index}`, { from: stranger() })
    const other = await enter(target, `slow-${index}`, { from: stranger() })
    const begun = performance.now()
    const arrived = other.next(text => text.includes('"data"'))
    raw.write(frame(`{"command":"peerMessageCommand","streamId":"slow-${index}","definition":"slow","data":${data[index % data.length]}}`))
    if (await arrived !== null) tally.add('relayed')
    tally.most('longest ms', performance.now() - begun)
    // And as JSON that is nearly right.
    const end = raw.next(text => text.includes('Unknown command'))
    raw.write(Buffer.concat([...times(5, () => frame(`{"command":"join","streamId":"a","mode":${data[index % data.length]}}`)), json({ command: 'end' })]))
    await end
    tally.answers(raw)
    raw.destroy()
    other.destroy()
  })
  return tally.outcome
}

/** Names with which a careless merge changes every object, at all depths, in everything that a client may say. */
export const pollution: Attack = async target => {
  const tally = new Tally()
  const evil = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']
  await crowd(some(target, 50), 10, async index => {
    const room = `polluted-${index}`
    const raw = await enter(target, room, { from: stranger() })
    const other = await enter(target, room, { from: stranger() })
    const inner = '{"polluted":true,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'
    const relayed = `{"command":"peerMessageCommand","streamId":"${room}","definition":"__proto__","data":{"a":[${inner}],"__proto__":${inner}},"__proto__":${inner},"constructor":{"prototype":${inner}}}`
    const arrived = other.next(text => text.includes('"data"'))
    raw.write(frame(relayed))
    if (await arrived === relayed) tally.add('relayed untouched')
    const end = raw.next(text => text.includes('\\"end\\"'))
    for (const name of evil) {
      raw.write(frame(`{"command":"${name}","streamId":"${room}","__proto__":${inner}}`))
      raw.write(frame(`{"__proto__":{"command":"leave","streamId":"${room}"}}`))
      raw.write(frame(`{"command":"join","streamId":"${name}","mode":${inner},"__proto__":{"resume":true}}`))
      raw.write(frame(`{"command":"takeCandidate","streamId":"${name}","__proto__":${inner}}`))
      raw.write(frame(`{"command":{"__proto__":${inner}}}`))
      raw.write(frame(`{"command":"join","__proto__":{"streamId":"${room}"}}`))
      raw.write(frame(`{"command":"leave","streamId":"${name}"}`))
      raw.write(frame(`{"command":"join","streamId":"${name}","resumeToken":"${name}.${name}","${name}":${inner}}`))
    }
    raw.write(json({ command: 'end' }))
    await end
    tally.answers(raw)
    tally.answers(other)
    raw.destroy()
    other.destroy()
  })
  return tally.outcome
}
