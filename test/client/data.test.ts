import fc from 'fast-check'
import { createHash } from 'node:crypto'
import t from 'tap'
import type { ReceivedFile } from '../../lib/client/data/data-types.js'
import { DataWorld, turn } from '../helpers/fakes/data-world.js'

/** Bytes under way in one transfer (lib/client/data/transfer-frames.ts). */
const WINDOW = 1_048_576

/** Bytes that tell where they stand. */
function bytes (size: number, seed = 0): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size)
  for (let index = 0; index < size; index++) all[index] = (index * 31 + (index >> 8) * 17 + seed) & 255
  return all
}

const hash = (chunks: readonly Uint8Array[]) => chunks.reduce((hash, chunk) => hash.update(chunk), createHash('sha256')).digest('hex')

/** A stream that gives its bytes in such pieces, and notes how far it was read. */
function streamOf (all: Uint8Array<ArrayBuffer>, piece: number): ReadableStream<Uint8Array<ArrayBuffer>> & { given: number, cancelled: boolean } {
  const stream = Object.assign(new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: controller => {
      if (stream.given >= all.length) controller.close()
      else controller.enqueue(all.slice(stream.given, stream.given += piece))
    },
    cancel: () => { stream.cancelled = true }
  }, { highWaterMark: 0 }), { given: 0, cancelled: false })
  return stream
}

/** Reads a file as it comes. */
class Reader {
  readonly chunks: Uint8Array[] = []
  read = 0
  ended: 'done' | string | null = null
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>

  constructor (file: ReceivedFile) {
    this.#reader = file.stream.getReader()
  }

  async next (): Promise<void> {
    if (this.ended !== null) return
    try {
      const { done, value } = await this.#reader.read()
      if (done) {
        this.ended = 'done'
        return
      }
      this.chunks.push(value)
      this.read += value.byteLength
    } catch (error) {
      this.ended = (error as Error).name
    }
  }

  async all (): Promise<void> {
    while (this.ended === null) await this.next()
  }
}

/** What becomes of a promise. */
function outcome (promise: Promise<void>): { is: string | null, why: string | null } {
  const outcome: { is: string | null, why: string | null } = { is: null, why: null }
  promise.then(() => { outcome.is = 'done' }, error => { Object.assign(outcome, { is: error.name, why: error.message }) })
  return outcome
}

t.test('texts and binaries of any size come over in order, each once', async t => {
  const world = new DataWorld()
  world.connect()
  const long = 'größer 😀 '.repeat(30_000)
  const sent = [
    world.anna.data.sendData('room', 'first'), world.anna.data.sendData('room', bytes(2_500_000)), world.anna.data.sendData('room', long),
    world.anna.data.sendData('room', ''), world.anna.data.sendData('room', new ArrayBuffer(0)), world.anna.data.sendData('room', new Blob(['a', 'b']))
  ]
  await world.whenIdle()
  await Promise.all(sent)
  const [first, binary, text, ...rest] = world.ben.received
  t.same([first, text, ...rest], ['first', long, '', new ArrayBuffer(0), new TextEncoder().encode('ab').buffer])
  t.equal(hash([new Uint8Array(binary as ArrayBuffer)]), hash([bytes(2_500_000)]))
  t.equal(world.clock.pending, 0)
})

t.test('no message is larger than the other side takes', async t => {
  const world = new DataWorld()
  world.connect('ours', 2_000)
  const sent = world.anna.data.sendData('room', bytes(10_000))
  await world.whenIdle()
  await sent
  t.equal(world.ben.received.length, 1)
  t.ok(world.anna.channel !== undefined && world.anna.channel.largest <= 2_000)
})

t.test('a file comes with name, type, size and progress, as fast as it is read, and no more of it is in memory than the window', async t => {
  const world = new DataWorld()
  world.connect()
  const all = bytes(5_000_000)
  const source = streamOf(all, 50_000)
  const progress: number[] = []
  const done = outcome(world.anna.data.sendFile(source, {
    name: 'a.bin', type: 'application/x-test', size: all.length, onProgress: ({ bytes, size }) => { progress.push(bytes); t.equal(size, all.length) }
  }))
  await world.whenIdle()
  const [file] = world.ben.files
  if (file === undefined) return t.fail('no file')
  t.match(file, { streamId: 'room', name: 'a.bin', type: 'application/x-test', size: 5_000_000, received: WINDOW })
  t.ok(source.given <= WINDOW + 50_000, `${source.given} bytes were read`)
  let seen = 0
  file.onprogress = ({ bytes }) => { seen = bytes }
  const reader = new Reader(file)
  while (reader.ended === null) {
    await Promise.all([reader.next(), world.whenIdle()])
    if (file.received - reader.read > WINDOW) return t.fail('more than the window waits')
    if (source.given - reader.read > 2 * WINDOW + 50_000) return t.fail('the sender reads too far ahead')
  }
  t.equal(hash(reader.chunks), hash([all]))
  t.equal(seen, all.length)
  t.equal(done.is, 'done')
  t.equal(progress.at(-1), all.length)
  t.same(progress, [...progress].sort((a, b) => a - b))
})

t.test('many messages and files at once: each message in its turn, and no more under way than the other side remembers', async t => {
  const world = new DataWorld()
  world.connect()
  const sent = Array.from({ length: 5_000 }, (_, index) => world.anna.data.sendData('room', `${index}`))
  const files = Array.from({ length: 100 }, (_, index) => world.anna.data.sendFile(new Blob([`file ${index}`])))
  const read = async () => Promise.all(world.ben.files.map(async ({ stream }) => stream.locked ? null : new Response(stream).text()))
  for (let round = 0; world.ben.files.length < 100 && round < 20; round++) await Promise.all([world.whenIdle(), read()])
  await Promise.all([...sent, ...files, world.whenIdle(), read()])
  t.same(world.ben.received, Array.from({ length: 5_000 }, (_, index) => `${index}`))
  t.equal(world.ben.files.length, 100)
})

t.test('a message need not wait for a file that nobody reads', async t => {
  const world = new DataWorld()
  world.connect()
  void world.anna.data.sendFile(new Blob([bytes(3_000_000)])).catch(() => {})
  await world.whenIdle()
  await Promise.all([world.anna.data.sendData('room', 'beside it'), world.whenIdle()])
  t.same(world.ben.received, ['beside it'])
})

t.test('what is cancelled ends at both sides: by the sender, by the receiver, and by a stream that fails', async t => {
  const world = new DataWorld()
  world.connect()
  const controller = new AbortController()
  const source = streamOf(bytes(4_000_000), 10_000)
  const aborted = outcome(world.anna.data.sendFile(source, { signal: controller.signal }))
  const refused = outcome(world.anna.data.sendFile(streamOf(bytes(4_000_000), 10_000)))
  const unwanted = outcome(world.anna.data.sendFile(streamOf(bytes(4_000_000), 10_000)))
  const failing = outcome(world.anna.data.sendFile(new ReadableStream({ pull: () => { throw new RangeError('no more') } })))
  await world.whenIdle()
  const readers = world.ben.files.map((file, index) => index === 2 ? null : new Reader(file))
  controller.abort()
  world.ben.files[1]?.cancel()
  await world.ben.files[2]?.stream.cancel()
  await world.whenIdle()
  t.same([aborted.is, refused.is, unwanted.is, failing.is], ['AbortError', 'AbortError', 'AbortError', 'RangeError'])
  await Promise.all(readers.map(async reader => reader?.all()))
  t.same(readers.map(reader => reader?.ended), ['AbortError', 'AbortError', undefined, 'AbortError'])
  t.equal(source.cancelled, true)
  const late = new AbortController()
  late.abort()
  await t.rejects(world.anna.data.sendFile(new Blob(['a']), { signal: late.signal }), { name: 'AbortError' })
  t.equal(world.clock.pending, 0)
})

t.test('after a cut a transfer goes on with the same peer, and with nobody else', async t => {
  const world = new DataWorld()
  world.connect()
  const all = bytes(3_000_000)
  const first = outcome(world.anna.data.sendFile(new Blob([all])))
  await world.whenIdle()
  world.cut()
  world.connect()
  const [file] = world.ben.files
  if (file === undefined) return t.fail('no file')
  const reader = new Reader(file)
  await Promise.all([reader.all(), (async () => { while (reader.ended === null) await world.whenIdle() })()])
  t.equal(hash(reader.chunks), hash([all]))
  t.equal(first.is, 'done')

  const second = outcome(world.anna.data.sendFile(new Blob([all])))
  const message = outcome(world.anna.data.sendData('room', 'for Ben alone'))
  world.deliverTo(world.ben)
  world.cut()
  const { ben } = world
  world.ben = new DataWorld().ben
  world.connect()
  void world.ben.data.sendData('room', 'hello')
  await world.whenIdle()
  t.same([second.is, message.is, world.ben.received, world.ben.files.length], ['AbortError', 'AbortError', [], 0])
  t.same(world.anna.received, ['hello'])
  t.equal(ben.received.length, 0)
})

t.test('what waits ends after a minute without the other side, when the room is left, and when the adaptor is closed', async t => {
  for (const end of ['minute', 'left', 'closed', 'unanswered'] as const) {
    const world = new DataWorld()
    world.connect()
    const sent = outcome(world.anna.data.sendData('room', bytes(3_000_000)))
    const file = outcome(world.ben.data.sendFile(new Blob([bytes(2_000_000)])))
    if (end !== 'unanswered') await world.whenIdle()
    const again = outcome(world.anna.data.sendFile(new Blob([bytes(2_000_000)])))
    if (end === 'closed') world.anna.data.close()
    world.cut()
    if (end === 'left') world.anna.room = null
    await turn()
    if (end === 'minute') {
      t.equal(again.is, null)
      world.clock.advance(60_000)
      await turn()
      t.equal(file.is, 'AbortError')
    }
    t.same([sent.is, again.is], [end === 'unanswered' ? 'AbortError' : 'done', 'AbortError'], end)
    world.ben.data.close()
    await turn()
    t.equal(world.clock.pending, 0)
  }
})

t.test('a transfer ends at once where the other side leaves on purpose or is removed, and says so; its own loss of the server ends nothing yet', async t => {
  for (const reason of ['left', 'removed', 'lost'] as const) {
    const world = new DataWorld()
    world.connect()
    const sent = outcome(world.anna.data.sendFile(new Blob([bytes(3_000_000)])))
    void world.ben.data.sendFile(new Blob([bytes(3_000_000)])).catch(() => {})
    await world.whenIdle()
    world.leave(reason)
    const reader = new Reader(world.anna.files[0] as ReceivedFile)
    while (reader.ended === null && (world.anna.files[0]?.received ?? 0) > reader.read) await reader.next()
    const rest = reader.next()
    await turn()
    if (reason === 'lost') {
      t.same([sent.is, reader.ended], [null, null])
      world.connect()
      await Promise.all([rest, world.whenIdle()])
      t.ok(world.anna.files[0] !== undefined && world.anna.files[0].received > WINDOW, 'it goes on')
    } else {
      t.match([sent, reader.ended], [{ is: 'AbortError', why: 'The other side has left.' }, 'AbortError'])
      world.ben.data.close()
      t.equal(world.clock.pending, 0)
    }
  }
})

t.test('a transfer waits a few seconds for a peer that leaves a connection which has failed, since it may join again to repair it', async t => {
  for (const returns of [true, false]) {
    const world = new DataWorld()
    world.connect()
    const sent = outcome(world.anna.data.sendFile(new Blob([bytes(1_500_000)])))
    await world.whenIdle()
    world.leave('left', false)
    world.clock.advance(4_000)
    await turn()
    t.equal(sent.is, null)
    if (returns) {
      world.connect()
      const answered = async () => { while (sent.is === null) await world.whenIdle() }
      await Promise.all([new Response(world.ben.files[0]?.stream).arrayBuffer(), answered()])
      t.equal(sent.is, 'done')
    } else {
      world.clock.advance(1_000)
      await turn()
      t.match(sent, { is: 'AbortError', why: 'The other side has left.' })
      world.ben.data.close()
      t.equal(world.clock.pending, 0)
    }
  }
})

t.test('the other side is asked again who it is until it answers', async t => {
  const world = new DataWorld()
  world.connect()
  const sent = outcome(world.anna.data.sendData('room', 'hello'))
  await turn()
  world.anna.channel?.shift()
  world.clock.advance(5_000)
  await world.whenIdle()
  t.equal(sent.is, 'done')
  t.same(world.ben.received, ['hello'])
})

t.test('what makes no sense is refused, and harms nothing', async t => {
  const world = new DataWorld()
  await t.rejects(world.anna.data.sendData('room', 'a'), { name: 'InvalidStateError' })
  world.connect()
  await t.rejects(world.anna.data.sendData('another', 'a'), { name: 'notInRoom' })
  await t.rejects(world.anna.data.sendData('room', 7 as unknown as string), TypeError)
  await t.rejects(world.anna.data.sendFile('text' as unknown as Blob), TypeError)
  const head = { command: 'transfer', again: false, name: '', type: '' }
  const frames: unknown[] = [
    null, 7, {}, { command: 'data' }, { command: 'data', id: 'x', active: [-1] }, { ...head, number: 1, kind: 'text', size: null },
    { ...head, number: 0.5, kind: 'file', size: 1 }, { command: 'transferAck', number: 0 }, { command: 'transferDone', number: 9 },
    { command: 'transferEnd', number: 9, bytes: 0 }, { command: 'transferCancel', number: 9, mine: true }, new ArrayBuffer(2), new ArrayBuffer(9)
  ]
  for (const frame of frames) world.ben.data.receive(frame)
  const huge = { ...head, number: 5, kind: 'binary', size: 300_000_000 }
  world.ben.data.receive({ command: 'data', id: 'x', active: [] })
  world.ben.data.receive(huge)
  const sent = world.ben.channel?.sent.map(text => JSON.parse(text as string)) ?? []
  t.same(sent.at(-1), { command: 'transferCancel', number: 5, mine: false }, 'what is too large for the memory is cancelled')
  world.ben.data.receive({ ...head, number: 6, kind: 'text', size: 3 })
  world.ben.data.receive(new Uint8Array([0, 0, 0, 6, 65, 65, 65, 65]).buffer)
  t.match(JSON.parse(world.ben.channel?.sent.at(-1) as string), { command: 'transferCancel', number: 6 }, 'and what is longer than it was said to be')
  for (let number = 10; number < 100; number++) world.ben.data.receive({ ...head, number, kind: 'file', size: 1 })
  t.equal(world.ben.files.length, 64, 'and more at once than this SDK sends')
})

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('message' as const), size: fc.nat(300_000), from: fc.nat(1), text: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('file' as const), size: fc.nat(2_500_000), from: fc.nat(1), piece: fc.integer({ min: 1_000, max: 400_000 }) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('deliver' as const), to: fc.nat(1), count: fc.nat(40) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), which: fc.nat(5), count: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), comesBack: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), which: fc.nat(5) }) }
)

t.test('whatever is sent, cut and cancelled when: each message comes once and in order, and each file that nobody cancels comes whole', async t => {
  let [cuts, whole, cancelled] = [0, 0, 0]
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }), async steps => {
    const world = new DataWorld()
    const sides = [world.anna, world.ben] as const
    const messages: [string[], string[]] = [[], []]
    const outcomes: Array<{ is: string | null }> = []
    const files: Array<{ from: number, name: string, all: Uint8Array, controller: AbortController, outcome: { is: string | null }, refused: boolean }> = []
    const readers = new Map<ReceivedFile, Reader>()
    const readerOf = (file: ReceivedFile) => {
      const reader = readers.get(file) ?? new Reader(file)
      readers.set(file, reader)
      return reader
    }
    const arrived = () => [...world.anna.files, ...world.ben.files]
    const connect = async () => {
      world.connect()
      // The two know each other, as after any message.
      for (let i = 0; i < 4; i++) sides.forEach(side => world.deliverTo(side))
      await turn()
    }
    world.connect()
    sides.forEach((side, index) => {
      messages[index]?.push('hello')
      outcomes.push(outcome(side.data.sendData('room', 'hello')))
    })
    await world.whenIdle()
    for (const step of steps) {
      if (step.do === 'message' && world.anna.channel !== undefined) {
        const all = bytes(step.size, step.from)
        const data = step.text ? String(step.size).repeat(step.size / 10) : all
        messages[step.from]?.push(typeof data === 'string' ? data : hash([data]))
        outcomes.push(outcome(sides[step.from]?.data.sendData('room', data) as Promise<void>))
      } else if (step.do === 'file' && world.anna.channel !== undefined) {
        const all = bytes(step.size, files.length)
        const controller = new AbortController()
        const name = `file ${files.length}`
        const sent = outcome(sides[step.from]?.data.sendFile(streamOf(all, step.piece), { name, signal: controller.signal }) as Promise<void>)
        files.push({ from: step.from, name, all, controller, outcome: sent, refused: false })
      } else if (step.do === 'deliver') {
        for (let i = 0; i < step.count; i++) {
          world.deliverTo(sides[step.to] ?? world.anna)
          await turn()
        }
      } else if (step.do === 'read') {
        const file = arrived()[step.which]
        const reader = file === undefined ? null : readerOf(file)
        for (let i = 0; i < step.count && (file?.received ?? 0) > (reader?.read ?? 0); i++) await reader?.next()
      } else if (step.do === 'cut') {
        cuts++
        world.cut()
        if (step.comesBack) await connect()
      } else if (step.do === 'abort') {
        files[step.which]?.controller.abort()
      } else if (step.do === 'refuse') {
        const file = arrived()[step.which]
        const sent = files.find(({ name }) => name === file?.name)
        if (file !== undefined && sent !== undefined && sent.outcome.is === null) {
          sent.refused = true
          file.cancel()
        }
      }
      await turn()
    }
    if (world.anna.channel === undefined) await connect()
    const pending = () => [...outcomes, ...files.map(({ outcome }) => outcome)].some(({ is }) => is === null)
    for (let round = 0; round < 200 && (pending() || arrived().some(file => readerOf(file).ended === null)); round++) {
      for (const file of arrived()) void readerOf(file).all()
      await world.whenIdle()
    }
    const got = sides.map(({ received }) => received.map(data => typeof data === 'string' ? data : hash([new Uint8Array(data)])))
    if (JSON.stringify(got) !== JSON.stringify([messages[1], messages[0]])) throw new Error('The messages are not those that were sent.')
    if (outcomes.some(({ is }) => is !== 'done')) throw new Error('A message was not confirmed.')
    for (const { name, all, outcome, controller, refused } of files) {
      const came = arrived().filter(file => file.name === name)
      if (came.length > 1) throw new Error(`${name} came twice.`)
      const reader = came[0] === undefined ? undefined : readerOf(came[0])
      if (outcome.is === 'done') {
        whole++
        // The receiver may have cancelled what had all come.
        if (!refused && (reader?.ended !== 'done' || hash(reader.chunks) !== hash([all]))) throw new Error(`${name} is not whole.`)
      } else if (outcome.is === 'AbortError' && (controller.signal.aborted || refused)) {
        cancelled++
        if (reader?.ended === null) throw new Error(`${name} hangs at the receiver.`)
      } else {
        throw new Error(`${name}: ${outcome.is}`)
      }
    }
    for (const side of sides) side.data.close()
    if (world.clock.pending > 0) throw new Error('A timer is left.')
  }), { numRuns: 40 })
  t.comment(`${cuts} cuts, ${whole} files whole, ${cancelled} cancelled`)
  t.ok(cuts > 20 && whole > 20 && cancelled > 1)
})
