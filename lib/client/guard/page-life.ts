import type { Environment, EventSource } from '../base/environment.js'

/**
 * Called for the events of a page.
 *
 * @internal
 */
export interface PageLifeHandlers {
  /** The network is back, or the page is visible again. */
  handleWakeUp: () => void
  /** The network may be gone. */
  handleDoubt: () => void
  /** The page is closed, left, or put into the back/forward cache. */
  handleHide: () => void
  /** The page is back from the back/forward cache. */
  handleReturn: () => void
}

/** Listens to the events of the page. Returns a function that removes all listeners. */
export function watchPage (environment: Environment, handlers: PageLifeHandlers): () => void {
  const window = environment.window
  const document = environment.document
  const ends: (() => void)[] = []
  const listen = (target: EventSource | undefined, type: string, listener: (event: Event) => void) => {
    target?.addEventListener(type, listener)
    ends.push(() => target?.removeEventListener(type, listener))
  }
  listen(window, 'online', handlers.handleWakeUp)
  // It need not mean that the connection is lost: a page from localhost works without a network.
  listen(window, 'offline', handlers.handleDoubt)
  listen(document, 'visibilitychange', () => {
    if (document?.visibilityState === 'visible') handlers.handleWakeUp()
  })
  listen(window, 'pagehide', handlers.handleHide)
  listen(window, 'pageshow', event => {
    if ((event as PageTransitionEvent).persisted) handlers.handleReturn()
  })
  return () => { for (const end of ends) end() }
}
