import type { Page } from 'playwright-core'
import { watchForBreaks } from './media.js'

/**
 * Watches what a person in a call at peer.html notices from now on. What it gives back reads it: what has broken of the picture, a new peer
 * connection, and all that the page has said about it.
 */
export async function watchPerson (page: Page): Promise<() => Promise<string[]>> {
  const breaks = await watchForBreaks(page)
  const words = await page.evaluateHandle(() => {
    const words: string[] = []
    const places = ['status', 'error', 'notice', 'news', 'remoteNote'].flatMap(id => document.getElementById(id) ?? [])
    const shown = (place: HTMLElement): string => place.checkVisibility() ? place.innerText.trim() : ''
    const before = new Map(places.map(place => [place, shown(place)]))
    new MutationObserver(() => {
      for (const place of places) {
        const now = shown(place)
        if (now !== before.get(place) && now !== '') words.push(now)
        before.set(place, now)
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
    return words
  })
  return async () => [...await breaks(), ...await words.jsonValue()]
}
