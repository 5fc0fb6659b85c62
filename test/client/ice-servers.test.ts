import t from 'tap'
import { inCall, World, type FakePage } from '../helpers/fakes/client-world.js'

const asked = (page: FakePage) => page.sent.filter(({ command }) => command === 'getIceServerConfig').length
const stun = { urls: 'stun:stun.example.org' }
const turn = (username: string) => ({ urls: ['turn:turn.example.org', 'turns:turn.example.org'], username, credential: 'secret' })
const issued = (username: string, ttl: number) => ({ iceServers: [], turn: { ...turn(username), ttl } })

t.test('without peerconnection_config the server is asked once, before the first connection', async t => {
  for (const options of [{}, { peerconnection_config: null }, { peerconnection_config: { iceTransportPolicy: 'relay' as const } }]) {
    const world = new World()
    world.server.ice = { iceServers: [stun] }
    const [anna, ben] = await world.call(t, options)
    for (const page of [anna, ben]) {
      t.same(page.connection?.configuration, { bundlePolicy: 'max-bundle', ...options.peerconnection_config, iceServers: [stun] })
      t.equal(asked(page), 1)
    }
  }
})

t.test('with iceServers of its own the application is taken at its word', async t => {
  const world = new World()
  world.server.ice = { iceServers: [stun] }
  const [anna] = await world.call(t, { peerconnection_config: { iceServers: [] } })
  t.same(anna.connection?.configuration, { bundlePolicy: 'max-bundle', iceServers: [] })
  t.equal(asked(anna), 0)
})

t.test('a server that names one URI in Ant Media\'s way is understood', async t => {
  for (const [answer, servers] of [
    [{ stunServerUri: 'stun:a', turnServerUsername: '', turnServerCredential: '' }, [{ urls: 'stun:a' }]],
    [{ stunServerUri: 'turn:a', turnServerUsername: 'me', turnServerCredential: 'x' }, [{ urls: 'turn:a', username: 'me', credential: 'x' }]],
    [{ stunServerUri: '' }, []],
    [{}, []]
  ] as const) {
    const world = new World()
    const [anna] = await world.call(t)
    anna.socket.push(JSON.stringify({ command: 'iceServerConfig', ...answer }))
    await world.whenIdle()
    t.same(anna.connection?.configuration.iceServers, servers)
  }
})

t.test('credentials are fetched anew when four fifths of their time are over, and a restart of ICE uses the fresh ones', async t => {
  const world = new World()
  world.server.ice = issued('first', 100)
  const [anna, ben] = await world.call(t)
  world.server.ice = issued('second', 100)
  await world.pass(79_000)
  t.equal(asked(anna), 1)
  await world.pass(2_000)
  t.equal(asked(anna), 2)
  t.same(anna.connection?.configuration.iceServers, [turn('second')])
  t.ok(inCall(anna, ben))
  t.equal(world.ice.connections.length, 2)
})

t.test('credentials that ran out while the connection was away are replaced before ICE is restarted', async t => {
  const world = new World()
  world.server.ice = issued('first', 10)
  const [anna, ben] = await world.call(t)
  world.server.ice = issued('second', 10)
  for (const page of [anna, ben]) {
    page.network.reachable = false
    page.socket.cut()
  }
  await world.pass(9_000)
  for (const connection of world.ice.connections) connection.become('failed')
  const used: unknown[] = []
  const connection = anna.connection
  if (connection === null) return t.fail('there is no call')
  const { setLocalDescription } = connection
  connection.setLocalDescription = description => {
    used.push(connection.configuration.iceServers)
    return setLocalDescription.call(connection, description)
  }
  for (const page of [anna, ben]) page.network.reachable = true
  await world.pass(8_000)
  t.same(used[0], [turn('second')])
  t.ok(inCall(anna, ben))
})

t.test('a server that does not answer holds the call up for 3 s and no longer, and its late answer is still used', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  let answer = () => {}
  for (const page of [anna, ben]) {
    page.network.listener = socket => {
      const end = world.server.listen(socket)
      return {
        receive: text => {
          if (!text.includes('getIceServerConfig')) return end.receive(text)
          answer = () => socket.push(JSON.stringify({ command: 'iceServerConfig', iceServers: [stun] }))
        },
        ended: code => end.ended(code)
      }
    }
    void page.open().join('room1')
  }
  await world.whenIdle()
  t.notOk(inCall(anna, ben))
  await world.pass(6_500)
  t.ok(inCall(anna, ben))
  answer()
  await world.whenIdle()
  t.same(ben.connection?.configuration.iceServers, [stun])
})

t.test('a call that ended while the servers were waited for is not set up', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  anna.network.listener = socket => {
    const end = world.server.listen(socket)
    return { receive: text => { if (!text.includes('getIceServerConfig')) end.receive(text) }, ended: code => end.ended(code) }
  }
  for (const page of [anna, ben]) {
    void page.open().join('room1')
    await world.whenIdle()
  }
  void anna.adaptor.leave()
  await world.pass(5_000)
  t.equal(world.ice.connections.length, 0)
})

t.test('a renewal that was not answered is asked for again before ICE is restarted', async t => {
  const world = new World()
  world.server.ice = issued('first', 10)
  const [anna, ben] = await world.call(t)
  world.server.ice = issued('second', 10)
  const { receive } = world.server
  let deaf = true
  world.server.receive = (text, link) => { if (!deaf || !text.includes('getIceServerConfig')) receive(text, link) }
  await world.pass(9_000)
  t.same(anna.connection?.configuration.iceServers, [turn('first')])
  deaf = false
  for (const connection of world.ice.connections) connection.become('failed')
  await world.pass(0)
  t.same(anna.connection?.configuration.iceServers, [turn('second')])
  t.equal(anna.connection?.restarts, 1)
  t.ok(inCall(anna, ben))
})

t.test('a server that refuses before the room is joined is asked again afterwards, and the application hears nothing of it', async t => {
  const world = new World()
  world.server.ice = { iceServers: [stun] }
  const [anna, ben] = [world.page(t), world.page(t)]
  for (const page of [anna, ben]) {
    let seated = false
    page.network.listener = socket => {
      const end = world.server.listen(socket)
      return {
        receive: text => {
          seated ||= text.includes('"join"')
          if (!seated && text.includes('getIceServerConfig')) socket.push(JSON.stringify({ command: 'error', definition: 'unauthorized_access', message: '' }))
          else end.receive(text)
        },
        ended: code => end.ended(code)
      }
    }
    page.open()
    await world.whenIdle()
    void page.adaptor.join('room1')
    await world.whenIdle()
  }
  t.ok(inCall(anna, ben))
  for (const page of [anna, ben]) {
    t.same(page.errorNames, [])
    t.equal(asked(page), 2)
    t.same(page.connection?.configuration.iceServers, [stun])
  }
})

t.test('a server that names none lets the call come up without, at once', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  for (const page of [anna, ben]) {
    page.network.listener = socket => {
      const end = world.server.listen(socket)
      return {
        receive: text => {
          if (text.includes('getIceServerConfig')) socket.push(JSON.stringify({ command: 'error', definition: 'unknownCommand', message: '' }))
          else end.receive(text)
        },
        ended: code => end.ended(code)
      }
    }
    void page.open().join('room1')
    await world.whenIdle()
  }
  t.ok(inCall(anna, ben))
  t.same([...anna.errorNames, ...ben.errorNames], [])
})

const unusable = [
  { urls: 'turn:turn.example.org' }, { urls: ['turns:turn.example.org'], username: 'me' }, { urls: 'http://turn.example.org' }, { urls: '' }, {}, null
] as RTCIceServer[]

t.test('a server that the browser does not take is left out and told, once, and the call goes on with the others', async t => {
  for (const server of unusable) {
    for (const whose of ['the server', 'the application'] as const) {
      // Ours names no such server; the frame below shows that one may come all the same.
      if (whose === 'the server' && server?.urls === undefined) continue
      const world = new World()
      if (whose === 'the server') world.server.ice = { iceServers: [server, stun] }
      const [anna, ben] = await world.call(t, whose === 'the server' ? {} : { peerconnection_config: { iceServers: [server, stun], bundlePolicy: 'balanced' } })
      t.ok(inCall(anna, ben))
      for (const page of [anna, ben]) {
        t.same(page.connection?.configuration, { bundlePolicy: whose === 'the server' ? 'max-bundle' : 'balanced', iceServers: [stun] })
        t.same(page.errorNames, ['invalidIceServer'])
      }
      if (whose === 'the application') continue
      anna.socket.push(JSON.stringify({ command: 'iceServerConfig', iceServers: [server, turn('other')] }))
      await world.whenIdle()
      t.same(anna.connection?.configuration.iceServers, [turn('other')], 'also where it comes in a call')
      t.same(anna.errorNames, ['invalidIceServer'], 'and the same one is not told again')
    }
  }
})

t.test('a configuration that no browser takes is told by a name that is documented', async t => {
  const world = new World()
  const anna = world.page(t)
  anna.open({ peerconnection_config: { iceServers: 'stun:stun.example.org' as unknown as RTCIceServer[] } })
  const ben = world.page(t)
  for (const page of [anna, ben]) {
    if (page === ben) page.open()
    void page.adaptor.join('room1')
    await world.whenIdle()
  }
  t.ok(anna.errorNames.length > 0)
  t.ok(anna.errorNames.every(name => name === 'SyntaxError'), anna.errorNames.join())
})

t.test('an error that names no room is taken for the answer of the server once, and the next one is told', async t => {
  const refusal = JSON.stringify({ command: 'error', definition: 'unknownCommand', message: '' })
  const world = new World()
  const { receive } = world.server
  world.server.receive = (text, link) => { if (!text.includes('getIceServerConfig')) receive(text, link) }
  const page = world.page(t)
  void page.open().join('room1')
  await world.whenIdle()
  t.equal(asked(page), 2, 'when the connection opens, and with a seat')
  page.socket.push(refusal)
  await world.whenIdle()
  t.same(page.errorNames, [])
  page.socket.push(refusal)
  await world.whenIdle()
  t.same(page.errorNames, ['unknownCommand'])
})
