import type { Page } from 'playwright-core'
import { watchForBreaks } from './media.js'

/** Whatever the SDK tells of who is there, of the connection and of media. `error` comes by its name, the others by theirs. */
const EVENTS = [
  'joined', 'leaved', 'peerJoined', 'peerLeft', 'server_will_stop', 'reconnecting', 'reconnected', 'closed', 'remote_stream', 'ice_connection_state_changed',
  'data_channel_closed', 'error'
]

export interface Noticed {
  /** What has broken of the picture, the picture standing still included, and a new peer connection. */
  media: string[]
  /** What the page has said about it. */
  words: string[]
  /** What the SDK has told the page. */
  events: string[]
}

export const NOTHING: Noticed = { media: [], words: [], events: [] }

interface World {
  webRTCAdaptor: { on: (name: string, listener: (payload: unknown) => void) => void, off: (name: string, listener: (payload: unknown) => void) => void }
}

/** Watches what a person in a call at peer.html notices from now on. What it gives back ends that, and says it. */
export async function watchPerson (page: Page): Promise<() => Promise<Noticed>> {
  const media = await watchForBreaks(page)
  const seen = await page.evaluateHandle(EVENTS => {
    const [words, events]: [string[], string[]] = [[], []]
    const places = ['status', 'error', 'notice', 'news', 'remoteNote'].flatMap(id => document.getElementById(id) ?? [])
    const shown = (place: HTMLElement): string => place.checkVisibility() ? place.innerText.trim() : ''
    const before = new Map(places.map(place => [place, shown(place)]))
    const observer = new MutationObserver(() => {
      for (const place of places) {
        const now = shown(place)
        if (now !== before.get(place) && now !== '') words.push(now)
        before.set(place, now)
      }
    })
    observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
    const { webRTCAdaptor } = window as unknown as World
    const listeners = EVENTS.map(name => [name, (payload: unknown) => events.push(payload instanceof Error ? payload.name : name)] as const)
    for (const [name, listener] of listeners) webRTCAdaptor.on(name, listener)
    const end = (): void => {
      observer.disconnect()
      for (const [name, listener] of listeners) webRTCAdaptor.off(name, listener)
    }
    return { words, events, end }
  }, EVENTS)
  return async () => {
    const { words, events } = await seen.evaluate(({ words, events, end }) => {
      end()
      return { words, events }
    })
    return { media: await media(), words, events }
  }
}
