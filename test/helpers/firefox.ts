import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import puppeteer, { type Browser } from 'puppeteer-core'
import type { Test } from 'tap'

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

/** Starts Firefox by WebDriver BiDi, once for a test file, and closes it when `t` ends. */
export async function launchFirefox (t: Test): Promise<Browser> {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: firefoxPath(), headless: true })
  t.teardown(() => browser.close())
  return browser
}
