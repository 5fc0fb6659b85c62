import type { Environment, EventSource } from './environment.js'

export interface PageLifeHandlers {
  /** The network is back, or somebody looks at the page again. */
  handleWakeUp: () => void
  /** The network may be gone. */
  handleDoubt: () => void
  /** The page is left, maybe for the back/forward cache. */
  handleHide: () => void
  /** The page has come out of the back/forward cache. */
  handleReturn: () => void
}

/** Listens to what happens to the page; returns a function that ends it. */
export function watchPage (environment: Environment, handlers: PageLifeHandlers): () => void {
  const window = environment.window
  const document = environment.document
  const ends: (() => void)[] = []
  const listen = (target: EventSource | undefined, type: string, listener: (event: Event) => void) => {
    target?.addEventListener(type, listener)
    ends.push(() => target?.removeEventListener(type, listener))
  }
  listen(window, 'online', handlers.handleWakeUp)
  // Browsers are often wrong about this one: a page from localhost goes on without a network.
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
