import t from 'tap'
import { inCall, World, type FakePage } from '../helpers/fakes/client-world.js'

const SECRETS = {
  token: 'token-of-the-page',
  joinToken: 'token-of-the-join',
  username: 'name-of-the-turn-user',
  credential: 'password-of-the-turn-user',
  message: 'words-between-the-two'
}

/** Whatever of the wire must stay out of a line: descriptions, candidates and the secrets of both seats. */
function secretsOf (...pages: FakePage[]): string[] {
  const found = new Set(Object.values(SECRETS))
  const visit = (value: unknown, key = ''): void => {
    if (typeof value === 'object' && value !== null) for (const [name, each] of Object.entries(value)) visit(each, name)
    else if (typeof value !== 'string' || value === '') return
    else if (key === 'sdp') for (const line of value.split(/\r?\n/)) if (line !== '') found.add(line)
    if (['resumeToken', 'claim', 'candidate', 'usernameFragment', 'session', 'token', 'credential', 'username'].includes(key)) found.add(value as string)
  }
  for (const { network } of pages) for (const socket of network.sockets) for (const text of [...socket.sent, ...socket.received]) visit(JSON.parse(text))
  return [...found]
}

/** A call with all that can happen in one: mute, messages, a lost connection, a repair, an error, a goodbye. */
async function wholeCall (world: World, pages: readonly [FakePage, FakePage], options: { debug?: boolean | ((line: string) => void) } = {}): Promise<void> {
  const [anna, ben] = pages
  const turn = { urls: ['turn:turn.example.org'], username: SECRETS.username, credential: SECRETS.credential, ttl: 600 }
  world.server.ice = { iceServers: [], turn } as typeof world.server.ice
  for (const page of pages) {
    page.open({ token: SECRETS.token, ...options })
    await world.whenIdle()
    void page.adaptor.join('room1', SECRETS.joinToken)
    await world.whenIdle()
  }
  void anna.adaptor.sendPeerMessage('chat', SECRETS.message)
  void anna.adaptor.turnOffLocalCamera()
  await world.whenIdle()
  ben.devices.fail = () => 'NotReadableError'
  void ben.adaptor.turnOffLocalCamera()
  await world.whenIdle()
  void ben.adaptor.turnOnLocalCamera()
  anna.socket.cut()
  await world.pass(2_000)
  anna.connection?.become('failed')
  await world.pass(10_000)
  void ben.adaptor.leave()
  await world.whenIdle()
  for (const { adaptor } of pages) await adaptor.close()
}

t.test('the debug log follows a whole call, with room and peer on each line, and nothing of SDP, credentials or tokens', async t => {
  const world = new World()
  const lines: string[] = []
  const [anna, ben] = [world.page(t), world.page(t)]
  await wholeCall(world, [anna, ben], { debug: line => lines.push(line) })
  t.same(anna.printed, [], 'a function gets the lines in place of the console')
  for (const line of lines) t.match(line, /^fastify-webrtc-signalling \d+ (room1)?\/[\w-]* (connection|join|call|recovery|media|error): [\w ,-]+$/)
  const secrets = secretsOf(anna, ben)
  t.ok(secrets.length > 30, `${secrets.length} secrets were on the wire`)
  t.same(lines.filter(line => secrets.some(secret => line.includes(secret))), [])
  const expected = [
    'connection: open', 'media: camera true, microphone true', 'join: seated, polite false, peers 0', 'join: seated, polite true, peers 1', 'join: peerJoined',
    'call: received start', 'call: session, initiator true', 'call: sent takeConfiguration offer', 'call: received takeConfiguration offer', 'call: offer replace',
    'call: session, initiator false', 'call: sent takeConfiguration answer', 'call: received takeConfiguration answer', 'call: sent takeCandidate host', 'call: received takeCandidate',
    'call: ICE connected', 'call: tracks audio,video', 'media: camera false, microphone true', 'error: NotReadableError',
    'connection: lost 1006, retry in 0 ms', 'connection: back', 'join: resumed', 'recovery: restart',
    'join: peerLeft', 'call: received stop', 'call: no session', 'join: unseated'
  ]
  for (const words of expected) t.ok(lines.some(line => line.includes(words)), words)
  t.match(lines.find(line => line.includes('received start')), /^fastify-webrtc-signalling \d+ room1\/[\w-]+ call/, 'with room and peer')
})

t.test('the console gets the lines where the option or the browser\'s own switch says so', async t => {
  for (const [debug, debugging, printed] of [[true, false, true], [undefined, true, true], [false, true, true], [undefined, false, false]] as const) {
    const world = new World()
    const pages = [world.page(t), world.page(t)] as const
    for (const page of pages) page.debugging = debugging
    const options = debug === undefined ? {} : { debug }
    for (const page of pages) {
      void page.open(options).join('room1')
      await world.whenIdle()
    }
    t.ok(inCall(...pages))
    for (const page of pages) t.equal(page.printed.length > 10, printed, `${page.printed.length} lines`)
  }
})

t.test('a function that throws at a line harms nothing but becomes the page\'s own error', async t => {
  const uncaught: unknown[] = []
  const listen = (error: unknown) => { uncaught.push(error) }
  process.on('uncaughtException', listen)
  t.teardown(() => process.off('uncaughtException', listen))
  const world = new World()
  const pages = await world.call(t, { debug: () => { throw new Error('of the page') } })
  t.ok(inCall(...pages))
  t.match(uncaught[0], { message: 'of the page' })
})
