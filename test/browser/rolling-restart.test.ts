import t, { type Test } from 'tap'
import { launch } from '../helpers/browser.js'
import { ClusterProcess } from '../helpers/cluster-process.js'
import { inCall, watchForBreaks } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { until } from '../helpers/servers.js'
import { SignallingClient } from '../helpers/signalling-client.js'

// example/cluster: two servers, Redis and HAProxy without sticky sessions.

/** On which servers somebody sits in the room. */
async function watchSeats (t: Test, cluster: ClusterProcess): Promise<(room: string) => Promise<string[]>> {
  const redis = await cluster.redis(t)
  return async room => {
    const values = await redis.hgetall(`webrtc-signalling:{WebRTCApp4/${room}}`)
    const seats = Object.entries(values).flatMap(([field, value]) => field.startsWith('s:') ? JSON.parse(value) as { server: string, until?: number } : [])
    return seats.flatMap(({ server, until }) => until === undefined ? server : [])
  }
}

t.test('example/cluster is started by one command, has two people on two servers meet, and is stopped without a trace', async t => {
  const cluster = await ClusterProcess.start(t)
  const seats = await watchSeats(t, cluster)
  t.same((await cluster.traces()).processes, 4, 'Redis, HAProxy and two servers')
  const [one, two] = [await SignallingClient.connect(t, cluster.address), await SignallingClient.connect(t, cluster.address)]
  await one.join('room1')
  await two.join('room1')
  await one.hears('start')
  t.equal(new Set(await seats('room1')).size, 2, 'on two servers')
  two.send({ command: 'peerMessageCommand', streamId: 'room1', definition: 'chat', data: 'hello' })
  t.match(await one.hears('peerMessageCommand'), { data: 'hello' })
  await cluster.stop()
  t.same(await cluster.traces(), { processes: 0, files: [] })
  await t.rejects(SignallingClient.connect(t, cluster.address))
})

t.test('both servers are restarted in a call, one after the other: picture and sound go on by the same connection, and nobody leaves', async t => {
  const cluster = await ClusterProcess.start(t)
  const browser = await launch(t)
  const seats = await watchSeats(t, cluster)
  // On a busy machine the load balancer may have no server for a moment: the SDK tries again, and the browser tells its console.
  const options = { expected: [/WebSocket connection to .* failed/] }
  const anna = await PeerPage.open(t, browser, cluster.address, options)
  await anna.join('room1')
  await anna.is('waiting')
  const ben = await PeerPage.open(t, browser, cluster.address, options)
  await ben.join('room1')
  await inCall(anna, ben)
  const before = await seats('room1')
  t.equal(new Set(before).size, 2, 'on two servers')
  const breaks = await Promise.all([anna, ben].map(({ page }) => watchForBreaks(page)))
  await cluster.restart()
  await until(async () => {
    const now = await seats('room1')
    return now.length === 2 && !now.some(server => before.includes(server))
  })
  await Promise.all([anna.is('call'), ben.is('call')])
  await inCall(anna, ben)
  t.same(await Promise.all(breaks.map(async read => read())), [[], []])
  await anna.press('Camera', 'off')
  await ben.page.getByText('Their camera is off').waitFor()
})
