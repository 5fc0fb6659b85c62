import type { Browser, Page } from 'playwright-core'
import type { Test } from 'tap'
import { visit, type VisitOptions } from './browser.js'
import { said } from './page-words.js'

type Phase = 'ready' | 'waiting' | 'connecting' | 'call' | 'reconnecting' | 'ended'

/** One person at peer.html: does what a person does, by the labels that a person reads. */
export class PeerPage {
  readonly page: Page

  constructor (page: Page) {
    this.page = page
  }

  /** Opens the page under `app`, the address of an application, and waits for the camera and the server. */
  static async open (t: Test, browser: Browser, app: string, options?: VisitOptions): Promise<PeerPage> {
    const peer = new PeerPage(await visit(t, browser, `${app}/peer.html`, options))
    await peer.is('ready')
    return peer
  }

  async is (phase: Phase): Promise<void> {
    await this.page.waitForSelector(`body[data-phase="${phase}"]`)
  }

  async join (room: string): Promise<void> {
    await this.page.getByLabel(said('Room name')).fill(room)
    await this.page.getByRole('button', { name: said('Join'), exact: true }).click()
  }

  async leave (): Promise<void> {
    await this.page.getByRole('button', { name: said('Leave'), exact: true }).click()
    await this.is('ready')
  }

  async press (toggle: 'Camera' | 'Microphone', to: 'on' | 'off'): Promise<void> {
    const button = this.page.getByRole('button', { name: said(toggle), exact: true })
    await button.click()
    await button.and(this.page.locator(`[aria-pressed="${String(to === 'on')}"]`)).waitFor()
  }

  /** The words of the error on display, waiting for one to come. */
  async error (): Promise<string> {
    const alert = this.page.getByRole('alert')
    await alert.waitFor()
    return await alert.innerText()
  }
}
