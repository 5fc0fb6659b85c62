import t from 'tap'
import { EMPTY_CHAT, fileNote, reduceChat, sizeIn } from '../../lib/page/chat-state.js'
import english from '../../lib/page/words-en.js'
import german from '../../lib/page/words-de.js'

// What the chat makes of what is said and sent, without a page.

interface Told {
  type: string
  [field: string]: unknown
}

interface Item { id: number, kind: string, mine: boolean, state: string, bytes: number, size: number | null, reason?: string }
interface ChatState { items: Item[], unread: number, open: boolean }

const after = (...events: Told[]): ChatState => events.reduce<unknown>((chat, event) => reduceChat(chat as never, event as never), EMPTY_CHAT) as ChatState

const OFFERED = { type: 'offered', id: 1, name: 'a.txt', size: 10 }

t.test('What comes is unread until the chat is open, and what one says oneself never is', async t => {
  t.equal(after({ type: 'heard', id: 1, text: 'hello' }, OFFERED).unread, 2)
  t.equal(after({ type: 'heard', id: 1, text: 'hello' }, { type: 'opened' }).unread, 0)
  t.equal(after({ type: 'opened' }, { type: 'heard', id: 1, text: 'hello' }).unread, 0)
  t.equal(after({ type: 'opened' }, { type: 'closed' }, { type: 'heard', id: 1, text: 'hello' }).unread, 1)
  t.equal(after({ type: 'said', id: 1, text: 'hello' }).unread, 0)
})

t.test('A file goes from the offer to its end, at either side', async t => {
  const state = (...events: Told[]): string | undefined => after(...events).items[0]?.state
  const offering = { type: 'offering', id: 1, name: 'a.txt', size: 10 }
  t.equal(state(offering), 'sending')
  t.match(after(offering, { type: 'progress', id: 1, bytes: 5, size: 10 }).items[0], { bytes: 5, size: 10, state: 'sending' })
  t.equal(state(offering, { type: 'done', id: 1 }), 'sent')
  t.equal(state(OFFERED), 'offered')
  t.equal(state(OFFERED, { type: 'receiving', id: 1 }), 'receiving')
  t.equal(state(OFFERED, { type: 'receiving', id: 1 }, { type: 'done', id: 1 }), 'received')
})

t.test('A transfer that is cancelled says so, one that fails says why, and its end is not told twice', async t => {
  const cancelled = { type: 'failed', id: 1, name: 'AbortError' }
  t.equal(after(OFFERED, cancelled).items[0]?.state, 'cancelled')
  t.match(after(OFFERED, { type: 'failed', id: 1, name: 'NotSupportedError' }).items[0], { state: 'failed', reason: 'NotSupportedError' })
  t.equal(after(OFFERED, cancelled, { type: 'failed', id: 1, name: 'TypeError' }).items[0]?.state, 'cancelled')
  t.equal(after(OFFERED, { type: 'failed', id: 2, name: 'TypeError' }).items[0]?.state, 'offered', 'another one')
})

t.test('In another room nothing of the last one is left', async t => {
  t.same(after({ type: 'opened' }, OFFERED, { type: 'cleared' }), { items: [], unread: 0, open: true })
})

t.test('A size has the unit that a person would give it, in the language of the page', async t => {
  for (const [bytes, shown] of [[0, '0 byte'], [999, '999 byte'], [1500, '2 kB'], [1_250_000, '1.3 MB'], [3_000_000_000_000, '3,000 GB']] as const) t.equal(sizeIn('en', bytes), shown)
  t.match(sizeIn('de', 1_250_000), /^1,3.MB$/)
})

t.test('A file says how far it is, and how large where that is known', async t => {
  const item = { state: 'sending', bytes: 1_000_000, size: 2_000_000 }
  t.equal(fileNote(item as never, english), '1 MB of 2 MB')
  t.equal(fileNote({ ...item, size: null } as never, english), '1 MB of ?')
  t.equal(fileNote({ ...item, bytes: 0 } as never, english), '2 MB · offered, not taken yet')
  t.equal(fileNote({ ...item, bytes: 0, size: null } as never, english), '0 byte of ?')
  t.equal(fileNote({ ...item, bytes: 0, state: 'receiving' } as never, english), '0 byte of 2 MB')
  t.equal(fileNote({ ...item, state: 'offered' } as never, english), '2 MB · offered to you')
  t.equal(fileNote({ ...item, state: 'sent', size: null } as never, german), 'gesendet')
  t.equal(fileNote({ ...item, state: 'failed', reason: 'NotSupportedError' } as never, english), english.chat.noFiles)
})
