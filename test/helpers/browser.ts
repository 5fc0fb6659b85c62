import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { observeMedia } from './media.js'
import { MAX_WAIT, Wire } from './wire.js'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A camera and a microphone that need no hardware, and that nobody has to be asked for.
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  // A machine that has no network but the loopback can still hold a call.
  '--allow-loopback-in-peer-connection'
]

/**
 * Where Chromium is: the environment's CHROMIUM_PATH, which stands for both forms of it, or the first one on the PATH. The form
 * without windows takes half of the processor's time that the whole one takes for the same call, and tests are bound by that.
 */
function chromiumPath ({ whole }: { whole: boolean }): string {
  const name = whole ? 'chromium' : 'chromium-headless-shell'
  const candidates = process.env.CHROMIUM_PATH !== undefined
    ? [process.env.CHROMIUM_PATH]
    : (process.env.PATH ?? '').split(delimiter).map(directory => join(directory, name))
  const found = candidates.find(isExecutable)
  if (found !== undefined) return found
  throw new Error(`There is no Chromium at ${process.env.CHROMIUM_PATH ?? 'any place on the PATH'}: ` +
    `install it (on Debian: apt-get install ${name}), or set CHROMIUM_PATH to it.`)
}

function isExecutable (path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export interface LaunchOptions {
  /** Flags beside, and where they say otherwise instead of, those that all browsers here get. */
  args?: string[]
  /** Flags that it is not to get, of those here and of those that Playwright gives each browser. */
  without?: string[]
  /**
   * Chromium as people have it, and not the form without windows, which asks for no permission, captures no tab and keeps no page that was left.
   * @default false
   */
  whole?: boolean
}

/** Starts Chromium, once for a test file, and closes it when `t` ends. */
export async function launch (t: Test, { args = [], without = [], whole = false }: LaunchOptions = {}): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: chromiumPath({ whole }), args: [...FLAGS, ...args], ignoreDefaultArgs: without })
  t.teardown(() => browser.close())
  return browser
}

/** Starts a Chromium that can be killed, so that nothing of it says goodbye. */
export async function launchToKill (t: Test): Promise<{ browser: Browser, kill: () => Promise<void> }> {
  const server = await chromium.launchServer({ executablePath: chromiumPath({ whole: false }), args: FLAGS })
  t.teardown(() => server.kill())
  return { browser: await chromium.connect(server.wsEndpoint()), kill: () => server.kill() }
}

export interface VisitOptions {
  /** What the console may complain about in this test. Anything else that a page complains about fails it. */
  expected?: RegExp[]
  context?: BrowserContextOptions
  /** What is done with the page before it is opened. */
  before?: (page: Page) => Promise<unknown>
}

/** Opens a page as a person of its own: a context apart, so that nothing is shared with any other. */
export async function visit (t: Test, browser: Browser, url: string, { expected = [], context: contextOptions, before }: VisitOptions = {}): Promise<Page> {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'], ...contextOptions })
  await context.addInitScript(observeMedia)
  const page = await context.newPage()
  page.setDefaultTimeout(MAX_WAIT)
  Wire.of(page)
  const complaints: string[] = []
  const complain = (text: string): void => {
    if (!expected.some(rule => rule.test(text))) complaints.push(text)
  }
  page.on('pageerror', error => complain(String(error.stack ?? error)))
  page.on('console', message => {
    if (message.type() === 'error') complain(`${message.text()} (${message.location().url})`)
  })
  page.on('crash', () => complain('The page crashed.'))
  t.teardown(async () => {
    await context.close()
    if (complaints.length > 0) throw new Error(`${url} complained:\n${complaints.join('\n')}`)
  })
  await before?.(page)
  await page.goto(url)
  return page
}
