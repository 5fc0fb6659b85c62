import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import type { PeerPage } from './peer-page.js'
import { MAX_WAIT, Wire } from './wire.js'

interface CallWindow {
  webRTCAdaptor: {
    negotiate: () => Promise<unknown>
    turnOffLocalCamera: () => Promise<unknown>
    turnOnLocalCamera: () => Promise<unknown>
  }
}

type Move = keyof CallWindow['webRTCAdaptor']

/** Both sides make their move at the same instant of the clock that they share. */
export async function together (pages: PeerPage[], move: Move): Promise<void> {
  const at = Date.now() + 50
  await Promise.all(pages.map(async ({ page }) => page.evaluate(async ([move, at]) => {
    await new Promise(resolve => setTimeout(resolve, at - Date.now()))
    await (window as unknown as CallWindow).webRTCAdaptor[move]()
  }, [move, at] as const)))
}

/** How often an offer came to a page that had made one itself and had no answer to it yet. */
export function collisions ({ page }: PeerPage): number {
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
export async function bothAgree (t: Test, anna: PeerPage, ben: PeerPage): Promise<void> {
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
