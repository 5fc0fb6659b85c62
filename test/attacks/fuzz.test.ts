import fc from 'fast-check'
import t from 'tap'
import { Compile, type Validator } from 'typebox/compile'
import { CLOSE_CODES, ERROR_DEFINITIONS } from '../../lib/protocol/codes.js'
import { ClientMessageSchemas } from '../../lib/protocol/client-messages.js'
import { ServerMessageSchemas } from '../../lib/protocol/server-messages.js'
import { Arena } from '../helpers/attack/arena.js'
import { frame, json, OPCODE, RawSocket } from '../helpers/attack/raw-socket.js'

t.setTimeout(180_000)

/** How many frames are sent before anybody waits for an answer. */
const BATCH = 250
const BATCHES = 440
/** How many connections are filled with bytes that are no frames, and frames that are no messages. */
const BROKEN = 12_000
const MANY = 1_000_000_000
const limits = {
  messagesPerSecond: MANY,
  messageBurst: MANY,
  bytesPerSecond: MANY,
  byteBurst: MANY,
  joinsPerMinute: MANY,
  connectionsPerAddress: MANY,
  roomsPerConnection: MANY,
  rooms: MANY,
  waitingFrames: MANY,
  joinsInFlight: MANY
}

const documented: number[] = Object.values(CLOSE_CODES).map(({ code }) => code)
const relayed = new Set(['takeConfiguration', 'takeCandidate', 'peerMessageCommand'])
const checks = new Map<string, Validator>(Object.entries(ServerMessageSchemas).map(([name, schema]) => [name, Compile(schema)]))

interface Message { command: string, definition?: string }

/** Whether the server may say so. */
function wellFormed (text: string): boolean {
  const message = JSON.parse(text) as Message
  const name = message.command === 'notification' && message.definition !== undefined && checks.has(message.definition) ? message.definition : message.command
  return checks.get(name)?.Check(message) === true && (message.command !== 'error' || ERROR_DEFINITIONS.some(known => known === message.definition))
}

// What is sent: valid messages, changed here and there.

const room = fc.constantFrom('fuzzed', 'fuzzed', 'fuzzed', 'other', 'bystanders', '__proto__')
const word = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom('', '__proto__', 'offer', 'x'.repeat(9_000), '\ud800', '\u0000'))
const value = fc.oneof({ depthSize: 'small' }, word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 3 }), room)
const fields: Record<string, fc.Arbitrary<unknown>> = {
  streamId: room,
  streamName: room,
  token: word,
  mode: word,
  multiPeer: fc.boolean(),
  resume: fc.boolean(),
  resumeToken: word,
  received: fc.nat(),
  claim: fc.string({ minLength: 20, maxLength: 66 }),
  type: fc.constantFrom('offer', 'answer', 'pranswer', 'rollback'),
  sdp: word,
  label: fc.nat({ max: 70_000 }),
  id: word,
  candidate: word,
  definition: word,
  data: fc.jsonValue({ maxDepth: 3 })
}
// What is relayed more often than the rest: it is what reaches somebody else.
const commands = [...Object.keys(ClientMessageSchemas), ...relayed, ...relayed]
const message = fc.constantFrom(...commands).chain(command => {
  const names = Object.keys((ClientMessageSchemas as Record<string, { properties: object }>)[command]?.properties ?? {}).filter(name => name !== 'command')
  return fc.record({ command: fc.constant(command), ...Object.fromEntries(names.map(name => [name, fields[name] ?? value])) })
})
const mutation = fc.record({
  kind: fc.constantFrom('none', 'none', 'none', 'drop', 'put', 'put', 'add', 'cut', 'flip', 'twice', 'wrap'),
  at: fc.nat({ max: 10_000 }),
  value
})

function mutate (message: object, { kind, at, value }: { kind: string, at: number, value: unknown }): string {
  const entries = Object.entries(message)
  const place = at % entries.length
  const [name] = entries[place] as [string, unknown]
  if (kind === 'drop') entries.splice(place, 1)
  if (kind === 'put') entries[place] = [name, value]
  if (kind === 'add') entries.push(['__proto__', value], [String(at), value])
  const text = JSON.stringify(Object.fromEntries(entries))
  if (kind === 'cut') return text.slice(0, at % text.length)
  if (kind === 'flip') return text.slice(0, at % text.length) + String.fromCharCode(at % 128) + text.slice(at % text.length + 1)
  if (kind === 'twice') return text.slice(0, -1) + `,"${name}":${JSON.stringify(value)}}`
  if (kind === 'wrap') return `[${text}]`
  return text
}

const near = fc.tuple(message, mutation).map(([message, mutation]) => mutate(message, mutation))
const far = fc.oneof(fc.json({ maxDepth: 3 }), fc.string({ unit: 'binary', maxLength: 100 }), fc.constantFrom('', ' ', '{', '[]', '{}', 'null', '{"command":{}}'))
/** Many of the others give the seat up, and without one nothing is relayed. */
const seat = '{"command":"join","streamId":"fuzzed"}'
// Lone surrogates become U+FFFD on the way; the frame is what the bytes say.
const text = fc.oneof({ weight: 6, arbitrary: near }, { weight: 1, arbitrary: far }, { weight: 2, arbitrary: fc.constant(seat) }).map(text => Buffer.from(text))

/** Everything that comes to one connection, in order. */
function collect (raw: RawSocket): string[] {
  const texts: string[] = []
  raw.listen(text => texts.push(text))
  return texts
}

/** A message that nothing else is answered like: whatever came before it is answered before it. */
const mark = (number: number): Buffer => json({ command: `mark-${number}` })
const isMark = (text: string): number => Number(/Unknown command \\"mark-(\d+)\\"/.exec(text)?.[1] ?? -1)

/**
 * Whether the server may drop it without a word: a signal to a room where somebody has given up a seat just now, be it by a second
 * join, and nobody else sits. The other peer sits in `fuzzed` throughout, so that there nothing may be dropped.
 */
function crossing (text: string): boolean {
  const { command, streamId } = JSON.parse(text) as Message & { streamId?: string }
  return (command === 'takeConfiguration' || command === 'takeCandidate') && streamId !== 'fuzzed'
}

async function seated (port: number): Promise<{ raw: RawSocket, texts: string[] }> {
  const raw = await RawSocket.open({ port, path: '/attack' })
  const texts = collect(raw)
  raw.write(json({ command: 'join', streamId: 'fuzzed' }))
  raw.write(mark(MANY))
  await raw.next(text => isMark(text) === MANY)
  return { raw, texts }
}

t.test('110,000 messages near and far from the schemas: each is answered by an error, by what it asks for, or by a relay of its very bytes', async t => {
  const arena = await Arena.open(t, { plugin: { limits } }, false)
  const answers: Record<string, number> = {}
  let inputs = 0
  arena.bystander.talk()
  await t.resolves(fc.assert(fc.asyncProperty(fc.array(text, { minLength: BATCH, maxLength: BATCH }), async batch => {
    const other = await seated(arena.port)
    const self = await seated(arena.port)
    self.texts.length = 0
    const done = self.raw.next(text => isMark(text) === batch.length - 1)
    self.raw.write(Buffer.concat(batch.flatMap((text, index) => [frame(text), mark(index)])))
    if (await done === null) throw new Error(`closed with ${await self.raw.closed}`)
    const end = other.raw.next(text => isMark(text) === 0)
    other.raw.write(mark(0))
    await end
    inputs += batch.length

    // What came between two marks answers what was sent between them; what was answered by nothing was relayed.
    const silent = new Set(batch.keys())
    let current = 0
    for (const text of self.texts) {
      if (!wellFormed(text)) throw new Error(`the server said ${text}`)
      const { command, definition } = JSON.parse(text) as Message
      if (isMark(text) === current) {
        current++
        continue
      }
      if (relayed.has(command)) throw new Error(`${text} came back`)
      const name = command === 'error' || command === 'notification' ? `${command} ${definition}` : command
      answers[name] = (answers[name] ?? 0) + 1
      silent.delete(current)
    }
    const sent = batch.filter((_, index) => silent.has(index)).map(String).filter(text => !crossing(text))
    const came = other.texts.filter(text => relayed.has((JSON.parse(text) as Message).command))
    answers.relay = (answers.relay ?? 0) + came.length
    if (JSON.stringify(sent) !== JSON.stringify(came)) {
      const index = sent.findIndex((text, index) => text !== came[index])
      throw new Error(`neither answered nor relayed: ${sent[index] ?? 'nothing'}; came: ${came[index] ?? 'nothing'}`)
    }
    for (const { raw } of [self, other]) {
      raw.write(frame(Buffer.from([3, 232]), { opcode: OPCODE.close }))
      if (await raw.closed !== 1000) throw new Error('a clean close was not answered')
    }
  }), { numRuns: BATCHES, endOnFailure: true }))
  const { trips, worst } = await arena.bystander.rest()
  t.comment(`${inputs} messages; ${Object.entries(answers).map(([name, count]) => `${name}: ${count}`).join(', ')}`)
  t.comment(`${trips} round trips of the call beside them, the longest ${worst.toFixed(0)} ms`)
  t.equal(inputs, BATCH * BATCHES)
  // Else the messages are not as near as they should be.
  for (const name of ['relay', 'pong', 'iceServerConfig', 'notification joined', 'notification leaved', 'error notJson', 'error notAnObject', 'error invalidField',
    'error invalidStreamName', 'error noStreamNameSpecified', 'error notInRoom', 'error unknownCommand', 'error NoSpaceForNewPeer']) {
    t.ok((answers[name] ?? 0) > 20, `${name}: ${answers[name]}`)
  }
  t.same(arena.bystander.foreign, [])
  await arena.server.call('quiet', 2)
  const { faults, connections, rooms } = await arena.state()
  t.same({ faults, connections, rooms }, { faults: [], connections: 2, rooms: 1 })
})

t.test('12,000 times bytes that are no frames and frames that are no text: each is answered, or closes its own connection with a documented code', async t => {
  const arena = await Arena.open(t, { plugin: { limits } }, false)
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 }).map(bytes => Buffer.from(bytes))
  const odd = fc.record({
    opcode: fc.integer({ min: 0, max: 15 }), fin: fc.boolean(), rsv1: fc.boolean(), body: bytes, length: fc.oneof(fc.constant(-1), fc.nat({ max: 200_000 }))
  }).map(({ body, ...how }) => frame(body, how))
  const input = fc.array(fc.oneof(bytes, odd, odd, bytes.map(body => frame(body))), { minLength: 1, maxLength: 4 }).map(parts => Buffer.concat(parts))
  const codes: Record<number, number> = {}
  let inputs = 0
  const one = async (input: Buffer): Promise<void> => {
    const raw = await RawSocket.open({ port: arena.port, path: '/attack' })
    if (raw.status !== 101) throw new Error(`refused with ${raw.status}`)
    const texts = collect(raw)
    raw.write(input)
    raw.write(mark(1))
    // A frame may be open whose payload the mark has become, and then nothing tells; ending our side does.
    raw.socket.end()
    const code = await raw.closed
    codes[code] = (codes[code] ?? 0) + 1
    inputs++
    // 1006: the bytes ended in the middle of a frame, to which there is no answer. 1000 and 1005 answer a close frame of the input.
    if (![1000, 1005, 1006, ...documented].includes(code) && !closes(input, code)) throw new Error(`closed with ${code}`)
    for (const text of texts) if (!wellFormed(text)) throw new Error(`the server said ${text}`)
  }
  arena.bystander.talk()
  await t.resolves(fc.assert(fc.asyncProperty(fc.array(input, { minLength: 40, maxLength: 40 }), async batch => {
    await Promise.all(batch.map(one))
  }), { numRuns: BROKEN / 40, endOnFailure: true }))
  const { trips, worst } = await arena.bystander.rest()
  t.comment(`${inputs} connections; closed with ${Object.entries(codes).map(([code, count]) => `${code}: ${count}`).join(', ')}`)
  t.comment(`${trips} round trips of the call beside them, the longest ${worst.toFixed(0)} ms`)
  for (const code of [1002, 1007, 1009]) t.ok((codes[code] ?? 0) > 20, `${code}: ${codes[code]}`)
  t.same(arena.bystander.foreign, [])
  await arena.server.call('quiet', 2)
  const { faults, connections, rooms } = await arena.state()
  t.same({ faults, connections, rooms }, { faults: [], connections: 2, rooms: 1 })
})

/**
 * Whether the input itself asks for the close code: a close frame is answered by one with the same code (RFC 6455
 * section 5.5.1). Its payload is masked, and where a frame begins in such an input is anybody's guess: each place is tried.
 */
function closes (input: Buffer, code: number): boolean {
  for (let at = 0; at + 8 <= input.length; at++) {
    if ((input.readUInt8(at) & 15) === 8 && (input.readUInt16BE(at + 2) ^ input.readUInt16BE(at + 6)) === code) return true
  }
  return false
}
