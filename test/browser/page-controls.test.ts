import { statSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import t, { type Test } from 'tap'
import { build } from '../../example/basic/server.js'
import { launch, visit, type VisitOptions } from '../helpers/browser.js'
import { launchFirefox } from '../helpers/firefox.js'
import { inCall, receives } from '../helpers/media.js'
import { heard, note } from '../helpers/page-adaptor.js'
import { PeerPage } from '../helpers/peer-page.js'
import { giveScreen, isBlue, isCamera } from '../helpers/picture.js'
import { giveSecondDevices, SECOND } from '../helpers/second-devices.js'
import { start } from '../helpers/start.js'
import { MAX_WAIT } from '../helpers/wire.js'

// Every control of peer.html in Chromium and in Firefox, by mouse and by keyboard, with what comes of it at the other side.

const downloads = t.testdir()
const browsers = {
  Chromium: await launch(t, { args: ['--use-fake-device-for-media-stream=device-count=3'] }),
  Firefox: await launchFirefox(t, { downloadsPath: downloads })
}
const app = `${await start(t, await build())}/WebRTCApp4`

type Name = keyof typeof browsers

/** Chromium asks before a page may copy; Firefox lets it where a person has just pressed something. */
const MAY_COPY: Record<Name, VisitOptions> = {
  Chromium: { context: { permissions: ['camera', 'microphone', 'clipboard-write'] } },
  Firefox: {}
}
type Way = 'mouse' | 'keyboard'

/** Whoever uses the controls, and the other one, who is in Chromium. */
interface People {
  near: PeerPage
  far: PeerPage
  room: string
}

interface Scene extends People {
  way: Way
  /** Presses a control in the way of this scene. */
  press: (control: Locator) => Promise<void>
  /** Closes what is open: by its button, or by Escape. */
  shut: () => Promise<void>
  /** A word that no other scene uses. */
  word: string
}

interface Control {
  name: string
  /** Begins and ends as the place says where it stands. */
  use: (scene: Scene) => Promise<void>
}

const button = ({ page }: PeerPage, name: string | RegExp): Locator => page.getByRole('button', { name, exact: true })

const close = (peer: PeerPage): Locator => button(peer, 'Close')

/** Goes by the Tab key to a control, forwards or back. Not past the last one: Firefox gives the focus to its own window there. */
async function tabTo (control: Locator): Promise<void> {
  const page = control.page()
  await control.waitFor()
  for (let presses = 0; presses < 60; presses++) {
    const key = await control.evaluate(element => {
      const { activeElement, body } = document
      if (element === activeElement) return null
      const before = ((activeElement ?? body).compareDocumentPosition(element) & Node.DOCUMENT_POSITION_PRECEDING) !== 0
      return before && activeElement !== body ? 'Shift+Tab' : 'Tab'
    })
    if (key === null) return
    await page.keyboard.press(key)
  }
  throw new Error(`The Tab key never came to ${String(control)}`)
}

const PRESS: Record<Way, (control: Locator) => Promise<void>> = {
  mouse: async control => control.click(),
  keyboard: async control => {
    await tabTo(control)
    const ticks = await control.getAttribute('type') === 'checkbox'
    await control.page().keyboard.press(ticks ? 'Space' : 'Enter')
  }
}

/** The row of a file in the chat. */
const file = ({ page }: PeerPage, name: string): Locator => page.locator('#log .file', { hasText: name })

const sends = async ({ page }: PeerPage, name: string, size: number): Promise<void> =>
  page.locator('#files').setInputFiles({ name, mimeType: '', buffer: Buffer.alloc(size, name) })

/** In bytes. */
const SMALL = 9_000

/** In bytes: more than the SDK sends of a file that nobody has taken yet. */
const TOO_LARGE = 1_200_000

/** Playwright tells of Chromium's downloads and not of Firefox's, which are in its folder instead. */
async function chromiumSaved ({ page }: PeerPage): Promise<void> {
  const download = await page.waitForEvent('download')
  if (statSync(await download.path()).size !== SMALL) throw new Error('Not the whole file was saved')
}

async function firefoxSaved (_: PeerPage, name: string): Promise<void> {
  const isThere = (): boolean => statSync(join(downloads, name), { throwIfNoEntry: false })?.size === SMALL
  for await (const { filename } of watch(downloads, { signal: AbortSignal.timeout(MAX_WAIT) })) if (filename !== null && isThere()) return
}

/** The user fragment (RFC 8839, section 5.4) of the other side, as a page has it. */
const theirFragment = async ({ page }: PeerPage): Promise<string | undefined> => page.evaluate(() =>
  /a=ice-ufrag:(\S+)/.exec(window.observed.connections.at(-1)?.currentRemoteDescription?.sdp ?? '')?.[1])

async function isInCorner ({ page }: PeerPage, corner: string): Promise<void> {
  await page.waitForSelector(`.self[data-corner="${corner}"]`)
}

async function developer ({ near, press }: Scene): Promise<void> {
  await press(button(near, 'Settings'))
  await press(button(near, 'For developers'))
}

/** In a call, with nothing open. */
const IN_CALL: Control[] = [
  {
    name: 'Microphone: a sign at the other side, and silence',
    use: async ({ near, far, press }) => {
      const sign = far.page.getByRole('img', { name: 'Their microphone is off' })
      // A stroke through the picture says that it is off, to whoever sees no colours.
      const stroke = button(near, 'Microphone').locator('.slash')
      await stroke.waitFor({ state: 'hidden' })
      await press(button(near, 'Microphone'))
      await Promise.all([sign.waitFor(), stroke.waitFor()])
      await press(button(near, 'Microphone'))
      await Promise.all([sign, stroke].map(mark => mark.waitFor({ state: 'hidden' })))
    }
  },
  {
    name: 'Camera: initials in place of the picture at the other side',
    use: async ({ near, far, press }) => {
      const words = far.page.getByText('Their camera is off')
      const stroke = button(near, 'Camera').locator('.slash')
      await press(button(near, 'Camera'))
      await Promise.all([words.waitFor(), stroke.waitFor()])
      await press(button(near, 'Camera'))
      await Promise.all([words, stroke].map(mark => mark.waitFor({ state: 'hidden' })))
      await receives(far.page)
    }
  },
  {
    name: 'Share screen, and whether the camera stays in a corner of it: both are seen at the other side',
    use: async scene => {
      const { near, far, press, shut } = scene
      await giveScreen(near.page)
      await press(button(near, 'Share screen'))
      await far.page.getByText('You see their screen').waitFor()
      await isBlue(far.page, false)
      await press(button(near, 'Settings'))
      await press(near.page.getByLabel('Keep me in a corner'))
      await isBlue(far.page, true)
      await press(near.page.getByLabel('Keep me in a corner'))
      await isBlue(far.page, false)
      await shut()
      await press(button(near, 'Share screen'))
      await far.page.getByText('In call').waitFor()
    }
  },
  {
    name: 'Chat and Send message: the text is shown at the other side, where the chat is closed',
    use: async ({ near, far, press, way, word, shut }) => {
      await press(button(near, 'Chat'))
      // By keyboard one is there already.
      if (way === 'mouse') await press(near.page.getByLabel('Message', { exact: true }))
      await near.page.keyboard.type(word)
      await press(button(near, 'Send message'))
      await far.page.locator('#news').getByText(word).waitFor()
      await shut()
    }
  },
  {
    name: 'Send a file: it is offered at the other side',
    use: async ({ near, far, press, word, shut }) => {
      await press(button(near, 'Chat'))
      // The dialog itself is the browser's: it is asked for, and then kept away, since in Firefox nobody would close it.
      const dialog = await near.page.evaluateHandle(() => {
        const dialog = { asked: false }
        document.querySelector('#files')?.addEventListener('click', event => {
          event.preventDefault()
          dialog.asked = true
        }, { once: true })
        return dialog
      })
      await press(button(near, 'Send a file'))
      await near.page.waitForFunction(({ asked }) => asked, dialog)
      await sends(near, word, SMALL)
      await far.page.locator('#news').getByText(word).waitFor()
      await shut()
    }
  },
  {
    name: 'Save and Save again: the file is downloaded, and has been sent at the other side',
    use: async ({ near, far, press, word, shut }) => {
      await sends(far, word, SMALL)
      await press(button(near, /^Chat/))
      const saved = near.page.context().browser() === browsers.Firefox ? firefoxSaved : chromiumSaved
      await Promise.all([saved(near, word), press(file(near, word).getByRole('button', { name: 'Save', exact: true }))])
      await Promise.all([saved(near, `${word}(1)`), press(file(near, word).getByRole('link', { name: 'Save again' }))])
      await file(far, word).getByText('sent').waitFor({ state: 'attached' })
      await shut()
    }
  },
  {
    name: 'Decline: the file is cancelled at the other side',
    use: async ({ near, far, press, word, shut }) => {
      await sends(far, word, TOO_LARGE)
      await press(button(near, /^Chat/))
      await press(file(near, word).getByRole('button', { name: 'Decline' }))
      await file(far, word).getByText('cancelled').waitFor({ state: 'attached' })
      await shut()
    }
  },
  {
    name: 'Cancel: the file is offered at the other side no more',
    use: async ({ near, far, press, word, shut }) => {
      await press(button(near, 'Chat'))
      await sends(near, word, TOO_LARGE)
      await file(far, word).getByText('offered to you').waitFor({ state: 'attached' })
      await press(file(near, word).getByRole('button', { name: 'Cancel' }))
      await file(far, word).getByText('cancelled').waitFor({ state: 'attached' })
      await shut()
    }
  },
  {
    name: 'Camera, microphone and loudspeaker of the settings: the other side sees and hears another one, and is heard elsewhere',
    use: async ({ near, far, press, way, shut }) => {
      await press(button(near, 'Settings'))
      const choose = async (label: string): Promise<string> => {
        const picker = near.page.getByRole('combobox', { name: label })
        const before = await picker.inputValue()
        const last = await picker.locator('option').last().getAttribute('value') ?? ''
        if (way === 'mouse') {
          await picker.selectOption(before === last ? { index: 0 } : last)
        } else {
          await tabTo(picker)
          await near.page.keyboard.press(before === last ? 'Home' : 'End')
        }
        return before
      }
      for (const [label, kind] of [['Camera', 'video'], ['Microphone', 'audio']] as const) {
        const before = await choose(label)
        await near.page.waitForFunction(([kind, before]) => {
          const { localStream } = (window as unknown as { webRTCAdaptor: { localStream: MediaStream } }).webRTCAdaptor
          return localStream.getTracks().some(track => track.kind === kind && track.getSettings().deviceId !== before)
        }, [kind, before] as const)
        await receives(far.page)
        // Chromium's cameras all look the same.
        if (kind === 'video' && near.page.context().browser() === browsers.Firefox) {
          const second = await near.page.getByRole('combobox', { name: label }).inputValue() === SECOND.videoinput
          await (second ? isBlue(far.page, true) : isCamera(far.page))
        }
      }
      const before = await choose('Loudspeaker')
      await near.page.waitForFunction(before => document.querySelector<HTMLVideoElement>('#remoteVideo')?.sinkId !== before, before)
      await receives(near.page)
      await shut()
    }
  },
  {
    name: 'Full screen: the page fills the screen and comes back, and the other side sees and hears as before',
    use: async ({ near, far, press, shut }) => {
      await press(button(near, 'Settings'))
      for (const full of [true, false]) {
        await press(button(near, 'Full screen'))
        await near.page.waitForFunction(full => (document.fullscreenElement !== null) === full, full)
        await near.page.locator(`#full[aria-pressed="${String(full)}"]`).waitFor()
        await receives(far.page)
      }
      await shut()
    }
  },
  {
    name: 'Own window: the other\'s picture leaves the page and comes back',
    use: async ({ near, press, shut }) => {
      await press(button(near, 'Settings'))
      for (const apart of [true, false]) {
        await press(button(near, 'Own window'))
        await near.page.waitForFunction(apart => (document.pictureInPictureElement?.id === 'remoteVideo') === apart, apart)
        await near.page.locator(`#apart[aria-pressed="${String(apart)}"]`).waitFor()
        // In Firefox that window has the keyboard now, and leaves it to nobody when it is closed: a person goes back to the page.
        await near.page.bringToFront()
        await receives(near.page)
      }
      await shut()
    }
  },
  {
    name: 'Your picture: goes to each corner',
    use: async ({ near, way, press }) => {
      const { page } = near
      const move = page.locator('#move')
      for (const [corner, key] of [['top-right', 'ArrowUp'], ['top-left', 'ArrowLeft'], ['bottom-left', 'ArrowDown'], ['bottom-right', 'ArrowRight']] as const) {
        if (way === 'keyboard') {
          await tabTo(move)
          await page.keyboard.press(key)
        } else {
          const { width, height } = page.viewportSize() ?? { width: 1280, height: 720 }
          await move.hover()
          await page.mouse.down()
          await page.mouse.move(corner.endsWith('left') ? 40 : width - 40, corner.startsWith('top') ? 40 : height - 40, { steps: 4 })
          await page.mouse.up()
        }
        await isInCorner(near, corner)
      }
      // Whoever can neither drag nor use the arrows presses: it goes on to the next corner.
      await press(move)
      await isInCorner(near, 'bottom-left')
      for (let presses = 0; presses < 3; presses++) await press(move)
      await isInCorner(near, 'bottom-right')
    }
  },
  {
    name: 'Connection: the figures of the call',
    use: async ({ near, press, shut }) => {
      await press(button(near, /^Connection:/))
      await near.page.getByText('direct', { exact: true }).waitFor()
      await shut()
    }
  },
  {
    name: 'Break the network: the page comes back by itself, and the other side sees and hears on',
    use: async scene => {
      const { near, far, press, shut } = scene
      await developer(scene)
      await note(near.page, 'reconnected')
      await press(button(near, 'Break the network'))
      await heard(near.page, 'reconnected')
      await near.is('call')
      await receives(far.page)
      await shut()
    }
  },
  {
    name: 'Restart ICE: the other side gets new credentials, and sees and hears on',
    use: async scene => {
      const { near, far, press, shut } = scene
      await developer(scene)
      const before = await theirFragment(far)
      await press(button(near, 'Restart ICE'))
      await far.page.waitForFunction(before => {
        const sdp = window.observed.connections.at(-1)?.currentRemoteDescription?.sdp
        return sdp !== undefined && !sdp.includes(`a=ice-ufrag:${before}`)
      }, before)
      await inCall(near, far)
      await shut()
    }
  },
  {
    name: 'Copy report: it is said that it is copied',
    use: async scene => {
      await developer(scene)
      await scene.press(button(scene.near, 'Copy report'))
      await button(scene.near, 'Copied').waitFor()
      await scene.shut()
    }
  },
  {
    name: 'A message of the signalling: what is in it is shown, and hidden again',
    use: async scene => {
      const { near, press, shut } = scene
      await developer(scene)
      const message = near.page.locator('#messages details').first()
      for (const open of [true, false]) {
        await press(message.locator('summary'))
        await message.locator('pre').waitFor({ state: open ? 'visible' : 'hidden' })
      }
      await shut()
    }
  },
  {
    name: 'Close: what is open is closed, and its own button has the focus again, or that of what it was opened from',
    use: async scene => {
      const { near, press } = scene
      const ways = [
        ['openSettings', async () => press(button(near, 'Settings'))],
        ['openChat', async () => press(button(near, /^Chat/))],
        ['quality', async () => press(button(near, /^Connection:/))],
        ['openSettings', async () => developer(scene)]
      ] as const
      for (const [id, open] of ways) {
        await open()
        await press(close(near))
        await close(near).waitFor({ state: 'hidden' })
        await near.page.waitForFunction(id => document.activeElement?.id === id, id)
      }
    }
  },
  {
    name: 'Leave and Join: the other side is alone, and is not',
    use: async ({ near, far, press, room }) => {
      await press(button(near, 'Leave'))
      await far.is('waiting')
      await near.is('ready')
      await near.page.getByLabel('Room name').fill(room)
      await press(button(near, 'Join'))
      await inCall(near, far)
    }
  }
]

/** In the lobby, while the other one waits in the room. */
const IN_LOBBY: Control[] = [
  {
    name: 'Your name, Room name and Join: the other side reads the name',
    use: async ({ near, far, press, way, word, room }) => {
      for (const [label, text] of [['Your name', word], ['Room name', room]] as const) {
        const field = near.page.getByLabel(label)
        if (way === 'mouse') await field.click()
        else await tabTo(field)
        await near.page.keyboard.press('ControlOrMeta+A')
        await near.page.keyboard.type(text)
      }
      await press(button(near, 'Join'))
      await far.page.locator('#remoteName').getByText(word, { exact: true }).waitFor()
      await press(button(near, 'Leave'))
      await Promise.all([near.is('ready'), far.is('waiting')])
    }
  },
  {
    name: 'Camera and Microphone before the call: the other side never gets either',
    use: async ({ near, far, press }) => {
      for (const name of ['Camera', 'Microphone']) await press(button(near, name))
      await press(button(near, 'Join'))
      await far.page.getByText('Their camera is off').waitFor()
      await far.page.getByRole('img', { name: 'Their microphone is off' }).waitFor()
      await press(button(near, 'Leave'))
      await Promise.all([near.is('ready'), far.is('waiting')])
      for (const name of ['Camera', 'Microphone']) {
        await press(button(near, name))
        await button(near, name).and(near.page.locator('[aria-pressed="true"]')).waitFor()
      }
    }
  },
  {
    name: 'Another name: another room is proposed',
    use: async ({ near, press, room }) => {
      const field = near.page.getByLabel('Room name')
      await press(button(near, 'Another name'))
      await near.page.waitForFunction(room => document.querySelector<HTMLInputElement>('#room')?.value !== room, room)
      await field.fill(room)
    }
  },
  {
    name: 'Copy link: it is said that it is copied',
    use: async ({ near, press, room }) => {
      await near.page.getByLabel('Room name').fill(`${room}-copied`)
      await press(button(near, 'Copy link'))
      await button(near, 'Copied').waitFor()
      await near.page.getByLabel('Room name').fill(room)
    }
  },
  {
    // No browser without a display can hand anything to another app: the page is made to take it for one that can.
    name: 'Send: the link is handed to another app',
    use: async ({ near, press, word }) => {
      await near.page.getByLabel('Room name').fill(word)
      await press(button(near, 'Send'))
      await near.page.waitForFunction(word => window.handedOver.includes(`?room=${word}`), word)
    }
  },
  {
    // Both browsers play whatever a page plays that uses the camera: the element is made to refuse.
    name: 'Hear and see them, where the browser has refused to play: the other one is seen and heard, and sees and hears as before',
    use: async ({ near, far, press, room }) => {
      const { page } = near
      await page.locator('#remoteVideo').evaluate((video: HTMLVideoElement) => {
        const { play } = video
        video.autoplay = false
        video.play = async () => {
          video.play = play
          throw new DOMException('not now', 'NotAllowedError')
        }
      })
      await page.getByLabel('Room name').fill(room)
      await press(button(near, 'Join'))
      await press(button(near, 'Hear and see them'))
      await inCall(near, far)
      await button(near, 'Hear and see them').waitFor({ state: 'hidden' })
      await page.locator('#remoteVideo').evaluate((video: HTMLVideoElement) => { video.autoplay = true })
      await press(button(near, 'Leave'))
      await Promise.all([near.is('ready'), far.is('waiting')])
    }
  },
  {
    name: 'QR code: it comes and goes',
    use: async ({ near, press }) => {
      const code = near.page.getByRole('img', { name: 'QR code of the link' })
      await press(button(near, 'QR code'))
      await code.waitFor()
      await press(button(near, 'QR code'))
      await code.waitFor({ state: 'hidden' })
    }
  },
  {
    name: 'Check my connection: runs to its end, and again',
    use: async ({ near, press, shut }) => {
      await press(button(near, 'Check my connection'))
      await button(near, 'Check again').waitFor()
      await press(button(near, 'Check again'))
      await button(near, 'Check again').waitFor()
      await shut()
    }
  },
  {
    name: 'Copy link and Leave of one who waits: the link leads another one to them, who is alone once they have left',
    use: async ({ near, far, press, room, word }) => {
      await far.leave()
      await near.page.getByLabel('Room name').fill(word)
      await press(button(near, 'Join'))
      await near.is('waiting')
      await press(button(near, 'Copy link'))
      await button(near, 'Copied').waitFor()
      const link = new URL(await near.page.locator('#link').innerText())
      await far.join(link.searchParams.get('room') ?? '')
      await inCall(near, far)
      await press(button(near, 'Leave'))
      await far.is('waiting')
      await far.leave()
      await near.page.getByLabel('Room name').fill(room)
      await far.join(room)
      await far.is('waiting')
    }
  }
]

declare global {
  interface Window {
    /** The link that was handed to another app. */
    handedOver: string
    /** Each control that was used, and in which way. */
    used: Set<string>
  }
}

/** Opens the page as one that notes which control is used in which way. */
async function openNoted (t: Test, browser: Name): Promise<PeerPage> {
  const page = await visit(t, browsers[browser], 'about:blank', MAY_COPY[browser])
  if (browser === 'Firefox') await page.addInitScript(giveSecondDevices)
  await page.addInitScript(() => {
    navigator.share = async ({ url = '' } = {}) => { window.handedOver = url }
    window.used = new Set()
    const note = (way: Way, target: EventTarget | null): void => {
      const control = (target as Element).closest('button, input, select, summary')
      if (control !== null) window.used.add(`${way}: ${control.id || control.getAttribute('aria-controls') || control.className || control.localName}`)
    }
    document.addEventListener('pointerdown', ({ target }) => note('mouse', target), true)
    document.addEventListener('keydown', ({ key, target }) => { if (key !== 'Tab' && key !== 'Shift') note('keyboard', target) }, true)
  })
  await page.goto(`${app}/peer.html`)
  const near = new PeerPage(page)
  await near.is('ready')
  return near
}

/** What no scene uses: the list of a picker by mouse, which is a window of the browser's own. */
const UNUSED = ['cameraChoice', 'microphoneChoice', 'loudspeakerChoice'].map(id => `mouse: ${id}`)

for (const browser of ['Chromium', 'Firefox'] as const) {
  t.test(browser, async t => {
    const room = `controls-${browser}`
    const [near, far] = await Promise.all([openNoted(t, browser), PeerPage.open(t, browsers.Chromium, app)])
    let scenes = 0
    const run = async (place: string, controls: Control[]): Promise<void> => {
      for (const { name, use } of controls) {
        for (const way of ['mouse', 'keyboard'] as const) {
          await t.test(`by ${way}, ${place}: ${name}`, async () => {
            const shut = async (): Promise<void> => {
              await (way === 'mouse' ? close(near).click() : near.page.keyboard.press('Escape'))
              await close(near).waitFor({ state: 'hidden' })
            }
            await use({ near, far, room, way, press: PRESS[way], shut, word: `word-${scenes++}` })
          })
        }
      }
    }
    await far.join(room)
    await far.is('waiting')
    await near.page.getByLabel('Room name').fill(room)
    await run('in the lobby', IN_LOBBY)
    await near.join(room)
    await inCall(near, far)
    await run('in a call', IN_CALL)
    const forgotten = await near.page.evaluate(() =>
      [...document.querySelectorAll('button, input:not([type="file"]), select, summary')].flatMap(control => {
        const name = control.id || control.getAttribute('aria-controls') || control.className || control.localName
        return ['mouse', 'keyboard'].map(way => `${way}: ${name}`).filter(use => !window.used.has(use))
      }))
    t.same(new Set(forgotten), new Set(UNUSED), 'no control was forgotten')
  })
}

/** After so many ms in which nothing happens the controls step back. */
const QUIET_AFTER = 4_000

t.test('the controls step back when nothing happens, and are there again at once; a finger presses none that it could not see, and moves one\'s own picture', async t => {
  const far = await PeerPage.open(t, browsers.Chromium, app)
  await far.join('quiet')
  await far.is('waiting')
  const page = await visit(t, browsers.Chromium, 'about:blank', { context: { permissions: ['camera', 'microphone'], hasTouch: true, viewport: { width: 390, height: 844 } } })
  await page.clock.install()
  await page.goto(`${app}/peer.html`)
  const near = new PeerPage(page)
  await near.is('ready')
  const seen = async (yes: boolean): Promise<unknown> => page.waitForFunction(yes =>
    getComputedStyle(document.querySelector('.controls') ?? document.body).opacity === (yes ? '1' : '0'), yes)
  /** The clock goes on by itself as well: what comes late, as a pointer that has moved just before, makes it take longer and no more. */
  const quiet = async (): Promise<void> => {
    await page.clock.fastForward(QUIET_AFTER)
    await page.waitForSelector('body[data-idle]')
  }
  const stays = async (why: string): Promise<void> => {
    await page.clock.fastForward(QUIET_AFTER)
    t.equal(await page.evaluate(() => 'idle' in document.body.dataset), false, why)
  }
  await quiet()
  await seen(true)
  await near.join('quiet')
  await inCall(near, far)

  // The page's own listeners have had each event before these.
  await page.evaluate(() => {
    Object.assign(window, { late: [] })
    for (const sign of ['pointermove', 'pointerdown', 'keydown']) {
      document.addEventListener(sign, () => (window as unknown as { late: boolean[] }).late.push('idle' in document.body.dataset))
    }
  })
  const leave = await button(near, 'Leave').boundingBox() ?? { x: 0, y: 0, width: 0, height: 0 }
  const [x, y] = [leave.x + leave.width / 2, leave.y + leave.height / 2]
  const signs = {
    mouse: async () => page.mouse.move(195, 300),
    finger: async () => page.touchscreen.tap(x, y),
    key: async () => page.keyboard.press('Shift')
  }
  for (const [sign, give] of Object.entries(signs)) {
    await quiet()
    await seen(false)
    await page.evaluate(() => { Object.assign(window, { late: [] }) })
    await give()
    await page.waitForFunction(() => (window as unknown as { late: boolean[] }).late.length > 0)
    t.notOk((await page.evaluate(() => (window as unknown as { late: boolean[] }).late)).includes(true), `${sign}: in the same moment`)
    await seen(true)
    await near.is('call')
  }
  await stays('with the focus of a keyboard in them they stay')
  await page.evaluate(() => { (document.activeElement as HTMLElement).blur() })
  await page.mouse.move(x, y)
  await page.waitForSelector('#leave:hover')
  await stays('pointed at they stay')

  const devtools = await page.context().newCDPSession(page)
  const touch = async (type: 'touchStart' | 'touchMove' | 'touchEnd', ...touchPoints: Array<{ x: number, y: number }>): Promise<void> => {
    await devtools.send('Input.dispatchTouchEvent', { type, touchPoints })
  }
  const own = await page.locator('#move').boundingBox() ?? { x: 0, y: 0, width: 0, height: 0 }
  await touch('touchStart', { x: own.x + own.width / 2, y: own.y + own.height / 2 })
  for (const way of [0.5, 1]) await touch('touchMove', { x: own.x + (60 - own.x) * way, y: own.y + (120 - own.y) * way })
  await touch('touchEnd')
  await isInCorner(near, 'top-left')
  // They stay, however slow the machine is: a finger that only woke them would leave no call.
  await page.locator('#microphone').focus()
  await page.keyboard.press('Shift')
  await page.touchscreen.tap(x, y)
  await far.is('waiting')
})
