import type { Browser, Page } from 'playwright-core'
import type { Test } from 'tap'
import { visit, type VisitOptions } from './browser.js'

/** What the pages in test/browser/pages have in common: an adaptor, and a list of what its callbacks told. */
interface PlainWindow {
  webRTCAdaptor: {
    join: (room?: string) => unknown
    leave: (room?: string) => unknown
    turnOffLocalCamera: (room?: string) => unknown
    turnOnLocalCamera: (room?: string) => unknown
    muteLocalMic: (room?: string) => unknown
    unmuteLocalMic: (room?: string) => unknown
  }
  told: string[]
}

type Method = keyof PlainWindow['webRTCAdaptor']

/** One person at a page of test/browser/pages: presses nothing, calls the methods of `webRTCAdaptor` as such pages do. */
export class PlainPage {
  readonly page: Page

  constructor (page: Page) {
    this.page = page
  }

  /** Opens the page and waits for its "initialized". */
  static async open (t: Test, browser: Browser, url: string, options?: VisitOptions): Promise<PlainPage> {
    const plain = new PlainPage(await visit(t, browser, url, options))
    await plain.hears('initialized')
    return plain
  }

  /** Calls the method with the arguments given, so that none is none. */
  async call (method: Method, ...args: [room?: string]): Promise<void> {
    await this.page.evaluate(async ([method, args]) => {
      await (window as unknown as PlainWindow).webRTCAdaptor[method](...args)
    }, [method, args] as const)
  }

  async join (room: string): Promise<void> {
    const before = (await this.told()).length
    await this.call('join', room)
    await this.hears('joined', before)
  }

  async leave (room: string): Promise<void> {
    const before = (await this.told()).length
    await this.call('leave', room)
    await this.hears('leaved', before)
  }

  /** Waits until the callbacks have told `what`, counting from the entry number `from`. */
  async hears (what: string, from = 0): Promise<void> {
    await this.page.waitForFunction(([what, from]) =>
      (window as unknown as PlainWindow).told.slice(from).includes(what), [what, from] as const)
  }

  /** All that the callbacks have told, errors as `error: name`. */
  async told (): Promise<string[]> {
    return this.page.evaluate(() => (window as unknown as PlainWindow).told)
  }
}

/** No page of Ant Media's was told of an error. */
export async function heardNoError (t: Test, ...people: PlainPage[]): Promise<void> {
  for (const person of people) {
    const told = await person.told()
    t.notOk(told.some(entry => entry.startsWith('error')), `no error among ${told.join(', ')}`)
  }
}
