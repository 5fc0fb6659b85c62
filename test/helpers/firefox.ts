import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { firefox, type Browser } from 'playwright-core'
import type { Test } from 'tap'

const PREFERENCES = {
  // A camera and a microphone that need no hardware, and that nobody has to be asked for.
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  // A machine that has no network but the loopback can still hold a call.
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  // What a person has pressed a button for may be heard.
  'media.autoplay.default': 0,
  // The panel that shows a download would take the keyboard from the page.
  'browser.download.alwaysOpenPanel': false,
  // Nothing is fetched from elsewhere.
  'media.gmp-manager.updateEnabled': false
}

/** Where Firefox is: the environment's FIREFOX_PATH, or the first of `firefox-esr` and `firefox` on the PATH. */
function firefoxPath (): string {
  const directories = (process.env.PATH ?? '').split(delimiter)
  const candidates = process.env.FIREFOX_PATH !== undefined
    ? [process.env.FIREFOX_PATH]
    : ['firefox-esr', 'firefox'].flatMap(name => directories.map(directory => join(directory, name)))
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK)
      return candidate
    } catch {}
  }
  throw new Error('There is no Firefox on the PATH: install it (on Debian: apt-get install firefox-esr), or set FIREFOX_PATH to it.')
}

const PROGRAM = fileURLToPath(new URL('firefox-bidi.js', import.meta.url))

/**
 * Starts Debian's own Firefox, once for a test file, and closes it when `t` ends. The channel `moz-firefox` is Playwright's name
 * for a Firefox as Mozilla makes it, which is driven by WebDriver BiDi, and not for Playwright's own. Downloads go to `downloadsPath`.
 */
export async function launchFirefox (t: Test, { downloadsPath }: { downloadsPath?: string } = {}): Promise<Browser> {
  const browser = await firefox.launch({
    channel: 'moz-firefox',
    executablePath: PROGRAM,
    env: { ...process.env, FIREFOX_PROGRAM: firefoxPath() },
    firefoxUserPrefs: PREFERENCES,
    ...downloadsPath === undefined ? {} : { downloadsPath }
  })
  t.teardown(() => browser.close())
  return browser
}
