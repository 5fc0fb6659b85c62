import type { Page } from 'playwright-core'
import t from 'tap'
import { launch } from '../helpers/browser.js'
import { ObjectCounter } from '../helpers/live-objects.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// Many joins and leaves of two people in one page. What a call made is let go of with it.

/** How many calls there are. `JOINS=1000` has as many as the promise says. */
const JOINS = Number(process.env.JOINS ?? 20)
/** Calls before the first count, in which a browser and a page fill their caches. */
const WARM_UP = 20

const browser = await launch(t)
const host = await servePages()
host.get('/WebRTCApp4/two.html', (_request, reply) => reply.type('text/html').send(`<!doctype html>
  <link rel="icon" href="data:,">
  <script src="js/webrtc_adaptor.js"></script>
  <video id="anna" autoplay muted></video><video id="ben" autoplay muted></video>`))
const app = `${await start(t, host)}/WebRTCApp4`

interface Adaptor {
  join (room: string): Promise<unknown>
  leave (): Promise<void>
  close (): Promise<void>
  on (name: string, listener: (payload: unknown) => void): () => void
}
interface World {
  WebRTCAdaptor: new (options: object) => Adaptor
  people: Adaptor[]
  errors: string[]
}

/** Two people come, each with camera and microphone. */
async function arrive (page: Page): Promise<void> {
  await page.evaluate(async () => {
    const world = window as unknown as World
    world.errors = []
    world.people = ['anna', 'ben'].map(remoteVideoId => new world.WebRTCAdaptor({
      websocket_url: `ws://${location.host}/WebRTCApp4`, remoteVideoId, callbackError: (error: string) => world.errors.push(error)
    }))
    await Promise.all(world.people.map(person => new Promise<unknown>(resolve => person.on('initialized', resolve))))
  })
}

/** They call each other so many times: either joins first in turn, until each gets the other's media and the data channel is open. */
async function callEachOther (page: Page, times: number): Promise<void> {
  await page.evaluate(async times => {
    const { people } = window as unknown as World
    const once = (person: Adaptor, name: string, is: (payload: never) => boolean = () => true) => new Promise<void>(resolve => {
      const end = person.on(name, payload => {
        if (!is(payload as never)) return
        end()
        resolve()
      })
    })
    for (let i = 0; i < times; i++) {
      const inTurn = i % 2 === 0 ? people : [...people].reverse()
      const there = people.flatMap(person => [
        once(person, 'remote_media_changed', ({ video }: { video: string }) => video === 'live'), once(person, 'data_channel_opened')
      ])
      for (const person of inTurn) await person.join('room1')
      await Promise.all(there)
      const gone = people.map(person => once(person, 'remote_stream', ({ stream }: { stream: unknown }) => stream === null))
      for (const person of inTurn) await person.leave()
      await Promise.all(gone)
    }
  }, times)
}

t.test(`after ${JOINS} calls a page holds no more tracks, connections, listeners and objects than after ${WARM_UP}, and after close() nothing of them`, async t => {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] })
  t.teardown(() => context.close())
  const page = await context.newPage()
  await page.goto(`${app}/two.html`)
  const counter = await ObjectCounter.of(page)
  const empty = await counter.count()
  await arrive(page)
  await callEachOther(page, WARM_UP)
  const before = await counter.count()
  // In pieces, so that none is one long evaluation.
  for (let done = 0; done < JOINS; done += 20) await callEachOther(page, Math.min(20, JOINS - done))
  const after = await counter.count()
  await page.evaluate(async () => {
    const world = window as unknown as World
    await Promise.all(world.people.splice(0).map(person => person.close()))
  })
  const closed = await counter.count()
  for (const [when, objects] of Object.entries({ empty, before, after, closed })) t.comment(`${when}: ${JSON.stringify(objects)}`)

  t.same(await page.evaluate(() => (window as unknown as World).errors), [])
  for (const name of ['connections', 'channels', 'tracks', 'liveTracks', 'streams', 'sockets', 'listeners'] as const) {
    t.ok(after[name] <= before[name], `${name}: ${before[name]}, then ${after[name]}`)
  }
  // Less than one object and 1 kB for each call, and what a browser's own caches still gain.
  t.ok(after.objects - before.objects < Math.min(JOINS / 2, 200), `${before.objects}, then ${after.objects} objects`)
  t.ok(after.heap - before.heap < 262_144, `${before.heap}, then ${after.heap} bytes`)
  t.match(closed, { connections: 0, channels: 0, liveTracks: 0, sockets: 0, listeners: empty.listeners })
})
