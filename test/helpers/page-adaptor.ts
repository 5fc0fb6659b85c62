import type { Page } from 'playwright-core'
import type { WebRTCAdaptor } from '../../lib/client/webrtc-adaptor.js'

type Adaptor = Record<string, (...args: unknown[]) => Promise<unknown>>

/** Calls a method of the page's `webRTCAdaptor`, and gives what it resolves with. */
export async function call (page: Page, method: Exclude<keyof WebRTCAdaptor, symbol>, ...args: unknown[]): Promise<unknown> {
  return page.evaluate(async ([method, args]) => {
    const value = await (window as unknown as { webRTCAdaptor: Adaptor }).webRTCAdaptor[method]?.(...args)
    return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
  }, [method, args] as const)
}

/** Calls one that is to fail, and gives the name of its AdaptorError; `null` where it did not fail. */
export async function refusal (page: Page, method: Exclude<keyof WebRTCAdaptor, symbol>, ...args: unknown[]): Promise<string | null> {
  return page.evaluate(async ([method, args]) => {
    try {
      await (window as unknown as { webRTCAdaptor: Adaptor }).webRTCAdaptor[method]?.(...args)
      return null
    } catch (error) {
      return (error as Error).name
    }
  }, [method, args] as const)
}

interface Notes { webRTCAdaptor: { on: (name: string, listener: (payload: unknown) => void) => void }, heard?: Array<[string, unknown]> }

/** Notes from now on what the page's adaptor tells by these names. */
export async function note (page: Page, ...names: string[]): Promise<void> {
  await page.evaluate(names => {
    const world = window as unknown as Notes
    const heard: Array<[string, unknown]> = world.heard ??= []
    for (const name of names) world.webRTCAdaptor.on(name, payload => heard.push([name, payload instanceof Error ? payload.name : payload]))
  }, names)
}

/** Waits for something that was told like this, and gives it. */
export async function heard<T> (page: Page, name: string, is: (payload: T) => boolean = () => true): Promise<T> {
  for (let seen = 0; ;) {
    const found = await page.waitForFunction(seen => {
      const { heard = [] } = window as unknown as Notes
      return heard.length > seen ? heard.slice(seen) : null
    }, seen)
    const news = await found.jsonValue() as Array<[string, unknown]>
    const match = news.find(([told, payload]) => told === name && is(payload as T))
    if (match !== undefined) return match[1] as T
    seen += news.length
  }
}
