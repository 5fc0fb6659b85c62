import t, { type Test } from 'tap'
import { heard, World } from '../helpers/fakes/client-world.js'
import { back, cut, said, scene, type Scene } from '../helpers/resumption.js'
import { nameOf } from '../helpers/signalling-client.js'

/** Hardly anything comes back while a test runs, and what does changes no sum. */
const LIMITS = { messagesPerSecond: 1, messageBurst: 10 }
const REFUSED = 'error: rateExceeded'

/** Resolves when the server is done with so many messages, relayed or refused; returns how many it refused. */
async function handled ({ app }: Scene, count: number): Promise<number> {
  let refused = 0
  await new Promise<void>(resolve => {
    let left = count
    const step = () => { if (--left === 0) resolve() }
    app.rooms.on('relayed', step)
    app.rooms.on('refused', () => {
      refused++
      step()
    })
  })
  return refused
}

const numbersOf = (frames: string[]): unknown[] => frames.map(text => (JSON.parse(text) as { data?: unknown }).data)

async function sendTooFast (here: Scene): Promise<number> {
  const done = handled(here, 30)
  for (let n = 0; n < 30; n++) here.ours.send(said(n))
  return done
}

t.test('A message that the rate limit refused counts in `received`, so that nothing that arrived is sent again', async t => {
  const here = await scene(t, { limits: LIMITS })
  const refused = await sendTooFast(here)
  t.ok(refused > 10)
  for (let n = 0; n < refused; n++) t.match(await here.ours.hears(REFUSED), { streamId: 'room1' }, 'each is told, with its room')
  await cut(here, here.ours)
  const { client, joined } = await back(t, here, { resumeToken: here.joined.resumeToken })
  t.match(joined, { resumed: true, received: 30 })
  client.send(said('next'))
  await client.heard()
  const arrived = numbersOf(await here.other.newFrames())
  t.equal(arrived.length, 30 - refused + 1)
  t.equal(arrived.at(-1), 'next')
  t.same(arrived.slice(0, -1), [...arrived.slice(0, -1)].sort((a, b) => Number(a) - Number(b)), 'in order, none twice')
})

t.test('So does one of which a field has the wrong shape; what is for nobody in the room, or is no message to a peer, does not', async t => {
  const here = await scene(t)
  here.ours.send(said(0))
  here.ours.send({ command: 'peerMessageCommand', streamId: 'room1', definition: 'chat' })
  here.ours.send({ command: 'peerMessageCommand', streamId: 'elsewhere', definition: 'chat' })
  here.ours.send({ command: 'peerMessageCommand', streamId: 'elsewhere', definition: 'chat', data: 1 })
  here.ours.send({ command: 'takeCandidate', streamId: 'room1' })
  here.ours.send({ command: 'peerMessageCommand', definition: 'chat', data: 1 })
  here.ours.send({ command: 'join', streamId: 'room1', mode: {} })
  here.ours.send({ command: 'unknown', streamId: 'room1' })
  here.ours.send('no JSON')
  here.ours.send(said(1))
  t.same(await here.ours.heard(), ['invalidField', 'invalidField', 'notInRoom', 'invalidField', 'noStreamNameSpecified', 'invalidField', 'unknownCommand', 'notJson'].map(name => `error: ${name}`))
  await cut(here, here.ours)
  const { joined } = await back(t, here, { resumeToken: here.joined.resumeToken })
  t.match(joined, { resumed: true, received: 4 })
})

/** Its answer to `getIceServerConfig` takes as long as the test wants, and the frames behind it wait. */
async function behind (t: Test): Promise<{ here: Scene, release: () => void }> {
  let release!: () => void
  const credentials = new Promise<{ username: string, credential: string, ttl: number }>(resolve => {
    release = () => resolve({ username: 'u', credential: 'c', ttl: 60 })
  })
  const here = await scene(t, { limits: LIMITS, turn: { urls: ['turn:turn.example.org'], credentials: () => credentials } })
  here.ours.send({ command: 'getIceServerConfig' })
  for (let n = 0; n < 20; n++) here.ours.send(said(n))
  // What waits is under way to nobody yet, so this is how a test knows that it has come: a WebSocket ping, refused at once.
  here.ours.socket.ping()
  await here.ours.hears(REFUSED)
  return { here, release }
}

t.test('Behind a command that is not over yet, one that came too fast is refused in its turn, and counted so', async t => {
  const { here, release } = await behind(t)
  const done = handled(here, 20)
  release()
  const refused = await done
  await here.ours.hears('iceServerConfig')
  for (let n = 0; n < refused; n++) t.match(await here.ours.hears(REFUSED), { streamId: 'room1' })
  await cut(here, here.ours)
  t.match((await back(t, here, { resumeToken: here.joined.resumeToken })).joined, { received: 20 })
})

t.test('Where the connection is lost before its turn, it was neither told nor counted: it is sent again like those before it', async t => {
  const { here, release } = await behind(t)
  await cut(here, here.ours)
  t.equal(here.ours.frames.filter(text => nameOf(JSON.parse(text) as never) === REFUSED).length, 1, 'that of the ping')
  t.match((await back(t, here, { resumeToken: here.joined.resumeToken })).joined, { received: 0 })
  release()
})

t.test('The SDK: after a refusal and a resumption each message has arrived once and in order, or was told as refused', async t => {
  for (const cuts of [[6], [2, 6], [1, 3, 4, 5, 9]]) {
    const world = new World()
    const [anna, ben] = await world.call(t)
    const before = anna.errors.length
    let count = 0
    world.server.receive = (text, link) => {
      if (!text.includes('peerMessageCommand')) return link.take(text)
      count++
      // Each is refused once at most: what is sent again would get through, and be heard.
      if (count % 3 === 0) link.tooFast(text)
      else link.take(text)
    }
    for (let n = 0; n < 10; n++) {
      await anna.adaptor.sendPeerMessage('n', n)
      await world.whenIdle()
      if (!cuts.includes(n)) continue
      anna.socket.cut()
      await world.pass(5_000)
    }
    await world.pass(5_000)
    t.same(heard(ben), [0, 1, 3, 4, 6, 7, 9], `cut after ${cuts.join()}`)
    t.same(anna.errors.slice(before).map(({ name, streamId }) => [name, streamId]), Array(3).fill(['rateExceeded', 'room1']))
    t.equal(anna.count('reconnected'), cuts.length)
  }
})

t.test('The SDK: a message that the server finds faulty is told, and disturbs no other', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  await anna.adaptor.sendPeerMessage('n', 'before')
  await anna.adaptor.sendPeerMessage('x'.repeat(300), 'faulty')
  await anna.adaptor.sendPeerMessage('n', 'behind')
  await world.whenIdle()
  anna.socket.cut()
  await world.pass(5_000)
  await anna.adaptor.sendPeerMessage('n', 'after')
  await world.whenIdle()
  t.same(heard(ben), ['before', 'behind', 'after'])
  t.same(anna.errorNames, ['invalidField'])
})

t.test('The SDK: a refusal that comes while the ICE servers are asked for is the message\'s', async t => {
  const world = new World()
  world.server.receive = (text, link) => {
    if (text.includes('peerMessageCommand')) link.tooFast(text)
    else if (!text.includes('getIceServerConfig')) link.take(text)
  }
  const [anna] = await world.call(t)
  t.ok(anna.sent.some(({ command }) => command === 'getIceServerConfig'), 'whose answer does not come')
  await anna.adaptor.sendPeerMessage('n', 1)
  await world.whenIdle()
  t.same(anna.errorNames, ['rateExceeded'])
})
