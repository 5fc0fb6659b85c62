import type { Browser, Page } from 'playwright-core'
import type { Test } from 'tap'
import { visit, type VisitOptions } from './browser.js'
import { inCall } from './media.js'
import { PeerPage } from './peer-page.js'

/** A state of peer.html that can be looked at. */
export interface PageState {
  name: string
  /** Brings a page to it, with whoever else that takes, and gives the page. */
  reach: (t: Test, browser: Browser, app: string) => Promise<Page>
}

/** Losing the network is part of some states, and browsers tell it to the console. */
const options: VisitOptions = { expected: [/WebSocket connection to .* failed/, /net::ERR_/] }

const open = async (t: Test, browser: Browser, app: string, name: string): Promise<PeerPage> => {
  const peer = await PeerPage.open(t, browser, app, options)
  await peer.page.getByLabel('Your name').fill(name)
  return peer
}

async function call (t: Test, browser: Browser, app: string, room: string): Promise<[PeerPage, PeerPage]> {
  const [anna, ben] = [await open(t, browser, app, 'Anna Berg'), await open(t, browser, app, 'Ben Okafor')]
  await anna.join(room)
  await anna.is('waiting')
  await ben.join(room)
  await inCall(anna, ben)
  return [anna, ben]
}

/** Opens a page that may use neither camera nor microphone. */
async function blocked (t: Test, browser: Browser, app: string): Promise<Page> {
  const page = await visit(t, browser, 'about:blank', options)
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('not now', 'NotAllowedError') }
  })
  await page.goto(`${app}/peer.html?room=garden-party`)
  await new PeerPage(page).error()
  return page
}

export const PAGE_STATES: PageState[] = [
  { name: 'lobby', reach: async (t, browser, app) => (await open(t, browser, app, 'Anna Berg')).page },
  {
    name: 'lobby-code',
    reach: async (t, browser, app) => {
      const { page } = await open(t, browser, app, '')
      await page.getByRole('button', { name: 'QR code' }).click()
      return page
    }
  },
  { name: 'error', reach: blocked },
  {
    name: 'waiting',
    reach: async (t, browser, app) => {
      const anna = await open(t, browser, app, 'Anna Berg')
      await anna.join('state-waiting')
      await anna.is('waiting')
      return anna.page
    }
  },
  { name: 'call', reach: async (t, browser, app) => (await call(t, browser, app, 'state-call'))[0].page },
  {
    name: 'their-camera-off',
    reach: async (t, browser, app) => {
      const [anna, ben] = await call(t, browser, app, 'state-theirs')
      await ben.press('Camera', 'off')
      await ben.press('Microphone', 'off')
      await anna.page.getByText('Their camera is off').waitFor()
      return anna.page
    }
  },
  {
    name: 'own-camera-off',
    reach: async (t, browser, app) => {
      const [anna] = await call(t, browser, app, 'state-own')
      await anna.press('Camera', 'off')
      await anna.press('Microphone', 'off')
      return anna.page
    }
  },
  {
    name: 'reconnecting',
    reach: async (t, browser, app) => {
      const [anna] = await call(t, browser, app, 'state-reconnecting')
      await anna.page.context().setOffline(true)
      await anna.is('reconnecting')
      return anna.page
    }
  },
  {
    name: 'full',
    reach: async (t, browser, app) => {
      await call(t, browser, app, 'state-full')
      const late = await open(t, browser, app, 'Cleo')
      await late.join('state-full')
      await late.error()
      return late.page
    }
  },
  {
    name: 'over',
    reach: async (t, browser, app) => {
      const [anna] = await call(t, browser, app, 'state-over')
      await anna.leave()
      return anna.page
    }
  },
  {
    name: 'ended',
    reach: async (t, browser, app) => {
      const page = await visit(t, browser, 'about:blank', options)
      await page.addInitScript(() => {
        const Native = window.WebSocket
        window.WebSocket = class extends Native {
          constructor (url: string | URL, protocols?: string | string[]) {
            super(url, protocols)
            Object.assign(window, { socket: this })
          }
        }
      })
      await page.goto(`${app}/peer.html?room=state-ended`)
      const anna = new PeerPage(page)
      await anna.is('ready')
      await anna.join('state-ended')
      await anna.is('waiting')
      // More than the server takes, past the SDK's pacing: it closes for good.
      await page.evaluate(() => {
        for (let i = 0; i < 700; i++) (window as unknown as { socket: WebSocket }).socket.send('{"command":"ping"}')
      })
      await anna.is('ended')
      return page
    }
  }
]
