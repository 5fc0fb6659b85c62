import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { build } from '../../example/basic/server.js'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'

// Texts and files between two at peer.html, as a person sends them.

const browser = await launch(t)
const app = `${await start(t, await build())}/WebRTCApp4`

async function twoInCall (t: Test, room: string): Promise<[PeerPage, PeerPage]> {
  const [anna, ben] = [await PeerPage.open(t, browser, app), await PeerPage.open(t, browser, app)]
  await anna.page.getByLabel('Your name').fill('Anna')
  await anna.join(room)
  await anna.is('waiting')
  await ben.join(room)
  await inCall(anna, ben)
  return [anna, ben]
}

/** Bytes that nobody could have made up. */
const bytes = (length: number): Buffer => Buffer.alloc(length, createHash('sha512').update(String(length)).digest())

t.test('what one says the other reads, is told of while the chat is closed, and can answer', async t => {
  const [anna, ben] = await twoInCall(t, 'chat')
  await anna.page.getByRole('button', { name: 'Chat' }).click()
  const text = '<b>hello</b> & welcome'
  await anna.page.keyboard.type(text)
  await anna.page.keyboard.press('Enter')
  await ben.page.getByRole('status').getByText(`Anna: ${text}`).waitFor()
  await ben.page.getByRole('button', { name: 'Chat 1 new' }).click()
  await ben.page.getByRole('log').getByText(text).waitFor()
  t.equal(await ben.page.locator('#log b').count(), 0, 'as text and not as HTML')
  t.equal(await ben.page.getByRole('button', { name: 'Chat 1 new' }).count(), 0, 'and it has been read')
  await ben.page.getByLabel('Message', { exact: true }).fill('good day')
  await ben.page.getByRole('button', { name: 'Send message' }).click()
  await anna.page.getByRole('log').getByText('good day').waitFor()
  await ben.leave()
  await anna.is('waiting')
  t.ok(await anna.page.getByLabel('Message', { exact: true }).isDisabled(), 'nobody is there to be told anything')
  await anna.leave()
  await anna.join('another')
  await anna.is('waiting')
  t.equal(await anna.page.locator('#log > div').count(), 0, 'in another room nothing of it is left')
})

t.test('a file is offered, taken and saved under its name, byte by byte', async t => {
  const [anna, ben] = await twoInCall(t, 'file')
  const buffer = bytes(3_000_000)
  await anna.page.locator('#files').setInputFiles({ name: 'holiday.html', mimeType: 'text/html', buffer })
  await ben.page.getByRole('button', { name: 'Chat 1 new' }).click()
  await ben.page.getByText('3 MB · offered to you').waitFor()
  const downloading = ben.page.waitForEvent('download')
  await ben.page.getByRole('button', { name: 'Save', exact: true }).click()
  const download = await downloading
  t.equal(download.suggestedFilename(), 'holiday.html')
  t.ok(readFileSync(await download.path()).equals(buffer))
  await anna.page.getByRole('button', { name: 'Chat' }).click()
  await anna.page.getByText('3 MB · sent').waitFor()
  await ben.page.getByRole('link', { name: 'Save again' }).waitFor()
})

t.test('a file that is dropped anywhere is sent, shows how far it is, and can be cancelled at the side that sends it', async t => {
  const [anna, ben] = await twoInCall(t, 'dropped')
  const files = await anna.page.evaluateHandle(() => {
    const transfer = new DataTransfer()
    transfer.items.add(new File([new Uint8Array(8_000_000)], 'large.bin'))
    return transfer
  })
  await anna.page.dispatchEvent('body', 'dragover', { dataTransfer: files })
  await anna.page.getByText('Drop files to send them').waitFor()
  await anna.page.dispatchEvent('body', 'drop', { dataTransfer: files })
  await anna.page.getByText('Drop files to send them').waitFor({ state: 'hidden' })
  await anna.page.getByRole('button', { name: 'Chat' }).click()
  await ben.page.getByRole('button', { name: 'Chat 1 new' }).click()
  // Nobody reads at the other side, so that it stops where its window is full.
  await anna.page.getByRole('progressbar', { name: 'large.bin' }).waitFor()
  await anna.page.getByRole('button', { name: 'Cancel' }).click()
  await anna.page.getByText('8 MB · cancelled').waitFor()
  await ben.page.getByText('8 MB · cancelled').waitFor()
  t.equal(await anna.page.getByRole('alert').count(), 0, 'which is no error')
})

t.test('a file that is declined is cancelled at both sides, and the keyboard stays in the chat', async t => {
  const [anna, ben] = await twoInCall(t, 'declined')
  await anna.page.locator('#files').setInputFiles({ name: 'unwanted.bin', mimeType: '', buffer: bytes(2_000_000) })
  await ben.page.getByRole('button', { name: 'Chat 1 new' }).click()
  await ben.page.getByRole('button', { name: 'Decline' }).focus()
  await ben.page.keyboard.press('Enter')
  await ben.page.getByText('2 MB · cancelled').waitFor()
  t.equal(await ben.page.evaluate(() => document.activeElement?.id), 'text')
  await anna.page.getByRole('button', { name: 'Chat' }).click()
  await anna.page.getByText('2 MB · cancelled').waitFor()
})
