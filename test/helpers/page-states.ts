import type { Browser, Page } from 'playwright-core'
import type { Test } from 'tap'
import { visit, type VisitOptions } from './browser.js'
import { inCall } from './media.js'
import { PAGE_LANGUAGE, said } from './page-words.js'
import { PeerPage } from './peer-page.js'

/** A state of peer.html that can be looked at. */
export interface PageState {
  name: string
  /** Brings a page to it, with whoever else that takes, and gives the page. */
  reach: (t: Test, browser: Browser, app: string) => Promise<Page>
}

/** Losing the network is part of some states, and browsers tell it to the console. */
const options: VisitOptions = { expected: [/WebSocket connection to .* failed/, /net::ERR_/], context: { locale: PAGE_LANGUAGE } }

const open = async (t: Test, browser: Browser, app: string, name: string): Promise<PeerPage> => {
  const peer = await PeerPage.open(t, browser, app, options)
  await peer.page.getByLabel(said('Your name')).fill(name)
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

/** A call in which the first one shares a screen: a picture in place of one, since a browser without a display has none. */
async function shared (t: Test, browser: Browser, app: string): Promise<[PeerPage, PeerPage]> {
  const people = await call(t, browser, app, 'state-shared')
  const [anna, ben] = people
  await anna.page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 800 })
    const context = canvas.getContext('2d')
    const draw = (): void => {
      if (context === null) return
      context.fillStyle = '#f6f7f9'
      context.fillRect(0, 0, 1280, 800)
      context.fillStyle = '#20242c'
      context.font = '600 48px sans-serif'
      context.fillText('Plans for the garden', 80, 140)
      context.font = '28px sans-serif'
      for (let line = 0; line < 9; line++) context.fillText('Beds along the wall, an apple tree, a bench in the sun', 80, 230 + 56 * line)
      requestAnimationFrame(draw)
    }
    draw()
    navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream()
  })
  await anna.page.getByRole('button', { name: said('Share screen') }).click()
  await anna.page.getByText(said('You are sharing your screen')).waitFor()
  await ben.page.getByText(said('You see their screen')).waitFor()
  return people
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
      await page.getByRole('button', { name: said('QR code') }).click()
      return page
    }
  },
  { name: 'error', reach: blocked },
  {
    name: 'check',
    reach: async (t, browser, app) => {
      const page = await blocked(t, browser, app)
      await page.getByRole('button', { name: said('Check my connection') }).click()
      await page.getByRole('button', { name: said('Check again') }).waitFor()
      return page
    }
  },
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
    name: 'refused',
    reach: async (t, browser, app) => {
      const page = await visit(t, browser, 'about:blank', options)
      // As a browser that plays nothing before a person has done something at the page.
      await page.addInitScript(() => {
        HTMLMediaElement.prototype.play = async () => { throw new DOMException('not yet', 'NotAllowedError') }
        document.addEventListener('DOMContentLoaded', () => { document.querySelector('video')?.removeAttribute('autoplay') })
      })
      await page.goto(`${app}/peer.html`)
      const [anna, ben] = [new PeerPage(page), await open(t, browser, app, 'Ben Okafor')]
      await ben.join('state-refused')
      await ben.is('waiting')
      await anna.is('ready')
      await anna.join('state-refused')
      await page.getByRole('button', { name: said('Hear and see them') }).waitFor()
      return page
    }
  },
  {
    name: 'their-camera-off',
    reach: async (t, browser, app) => {
      const [anna, ben] = await call(t, browser, app, 'state-theirs')
      await ben.press('Camera', 'off')
      await ben.press('Microphone', 'off')
      await anna.page.getByText(said('Their camera is off')).waitFor()
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
    name: 'settings',
    reach: async (t, browser, app) => {
      const { page } = await open(t, browser, app, 'Anna Berg')
      await page.getByRole('button', { name: said('Settings') }).click()
      await page.locator('#cameraChoice option:not([value=""])').first().waitFor({ state: 'attached' })
      return page
    }
  },
  {
    name: 'call-settings',
    reach: async (t, browser, app) => {
      const [{ page }] = await call(t, browser, app, 'state-settings')
      await page.getByRole('button', { name: said('Settings') }).click()
      return page
    }
  },
  { name: 'sharing', reach: async (t, browser, app) => (await shared(t, browser, app))[0].page },
  { name: 'shared-with', reach: async (t, browser, app) => (await shared(t, browser, app))[1].page },
  {
    name: 'chat',
    reach: async (t, browser, app) => {
      const [anna, ben] = await call(t, browser, app, 'state-chat')
      for (const { page } of [anna, ben]) await page.getByRole('button', { name: said('Chat') }).click()
      const say = async ({ page }: PeerPage, text: string): Promise<void> => {
        await page.getByLabel(said('Message'), { exact: true }).fill(text)
        await page.keyboard.press('Enter')
      }
      await say(anna, 'Can you see my screen?')
      await say(ben, 'Yes, all of it. I am sending you the plan that we talked about, and the photos from the garden.')
      await anna.page.getByText('I am sending').waitFor()
      const file = (name: string, size: number): object => ({ name, mimeType: '', buffer: Buffer.alloc(size) })
      await ben.page.locator('#files').setInputFiles([file('plan.pdf', 1_300_000) as never])
      await anna.page.locator('#files').setInputFiles([file('a-photo-with-quite-a-long-name-from-the-garden.jpeg', 9_000_000) as never])
      await anna.page.getByText(said('offered to you')).waitFor()
      return anna.page
    }
  },
  {
    name: 'news',
    reach: async (t, browser, app) => {
      const [anna, ben] = await call(t, browser, app, 'state-news')
      await ben.page.getByRole('button', { name: said('Chat') }).click()
      await ben.page.getByLabel(said('Message'), { exact: true }).fill('Hello Anna!')
      await ben.page.keyboard.press('Enter')
      await anna.page.locator('#news').waitFor()
      return anna.page
    }
  },
  {
    name: 'details',
    reach: async (t, browser, app) => {
      const [{ page }] = await call(t, browser, app, 'state-details')
      await page.getByRole('button', { name: new RegExp(`^${said('Connection:')} \\S`) }).click()
      await page.getByText(said('direct'), { exact: true }).waitFor()
      await page.locator('#verificationCode').waitFor()
      return page
    }
  },
  {
    name: 'developer',
    reach: async (t, browser, app) => {
      const [{ page }] = await call(t, browser, app, 'state-developer')
      await page.getByRole('button', { name: said('Settings') }).click()
      await page.getByRole('button', { name: said('For developers') }).click()
      await page.getByText('takeConfiguration offer').first().click()
      return page
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
    name: 'parted',
    reach: async (t, browser, app) => {
      const [anna, ben] = await call(t, browser, app, 'state-parted')
      await anna.page.locator('#remoteName').getByText('Ben Okafor').waitFor()
      await ben.leave()
      await anna.is('waiting')
      await anna.page.locator('#notice').waitFor()
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
