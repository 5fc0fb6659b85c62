import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { build } from '../../example/basic/server.js'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'
import { MAX_WAIT, Wire } from '../helpers/wire.js'

const browser = await launch(t)
const origin = await start(t, await build())

interface CallWindow {
  webRTCAdaptor: {
    negotiate: () => Promise<unknown>
    turnOffLocalCamera: () => Promise<unknown>
    turnOnLocalCamera: () => Promise<unknown>
  }
}

type Move = keyof CallWindow['webRTCAdaptor']

/** Both sides make their move at the same instant of the clock that they share. */
async function together (pages: PeerPage[], move: Move): Promise<void> {
  const at = Date.now() + 50
  await Promise.all(pages.map(async ({ page }) => page.evaluate(async ([move, at]) => {
    await new Promise(resolve => setTimeout(resolve, at - Date.now()))
    await (window as unknown as CallWindow).webRTCAdaptor[move]()
  }, [move, at] as const)))
}

/** How often an offer came to a page that had made one itself and had no answer to it yet. */
function collisions ({ page }: PeerPage): number {
  let offered = false
  let count = 0
  for (const { way, text } of Wire.of(page).frames) {
    if (text.includes('"type":"offer"')) {
      if (way === 'in' && offered) count++
      offered = way === 'out' || offered
    } else if (text.includes('"type":"answer"')) {
      offered = false
    }
  }
  return count
}

/** Which way each of a call's media goes, as one side has it agreed, by its mid. */
async function agreed ({ page }: PeerPage): Promise<{ state: string | undefined, media: Record<string, string | null> }> {
  return page.evaluate(() => {
    const connection = window.observed.connections.at(-1)
    const media = Object.fromEntries((connection?.getTransceivers() ?? []).map(({ mid, currentDirection }) => [mid, currentDirection]))
    return { state: connection?.signalingState, media }
  })
}

const MIRRORED: Record<string, string> = { sendonly: 'recvonly', recvonly: 'sendonly' }

/** Waits until neither side is in the middle of a negotiation and both mean the same by what they have agreed. */
async function bothAgree (t: Test, anna: PeerPage, ben: PeerPage): Promise<void> {
  const deadline = Date.now() + MAX_WAIT
  for (;;) {
    const [a, b] = [await agreed(anna), await agreed(ben)]
    const mirrored = Object.fromEntries(Object.entries(b.media).map(([mid, direction]) => [mid, MIRRORED[direction ?? ''] ?? direction]))
    const expected = { state: 'stable', media: mirrored }
    if (b.state === 'stable' && isDeepStrictEqual(a, expected)) return
    if (Date.now() > deadline) {
      t.same({ a, b }, { a: expected, b: { ...b, state: 'stable' } }, 'both ends agree')
      return
    }
    await anna.page.evaluate(() => new Promise(requestAnimationFrame))
  }
}

t.test('both sides renegotiate at the same instant, a dozen times: never stuck, and both ends agree', async t => {
  const [anna, ben] = [await PeerPage.open(t, browser, `${origin}/WebRTCApp4`), await PeerPage.open(t, browser, `${origin}/WebRTCApp4`)]
  await anna.join('glare')
  await anna.is('waiting')
  await ben.join('glare')
  await inCall(anna, ben)

  for (let round = 0; round < 12; round++) {
    await together([anna, ben], 'negotiate')
    await bothAgree(t, anna, ben)
  }
  await inCall(anna, ben)
  const glares = collisions(anna) + collisions(ben)
  t.ok(glares > 0, `offers crossed ${glares} times`)

  for (let round = 0; round < 6; round++) {
    await together([anna, ben], 'turnOffLocalCamera')
    await Promise.all([anna, ben].map(({ page }) => page.getByText('Their camera is off').waitFor()))
    await together([anna, ben], 'turnOnLocalCamera')
    await inCall(anna, ben)
    await bothAgree(t, anna, ben)
  }
  t.equal(await anna.page.evaluate(() => window.observed.connections.length), 1, 'in one call all along')
})
