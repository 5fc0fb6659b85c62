// The chat: texts and files between the two, and what is shown of them.

import { EMPTY_CHAT, fileNote, reduceChat } from './chat-state.js'
import { find, make, write } from './elements.js'
import { openSheet } from './sheets.js'
import { Transfers } from './transfers.js'

/** How long what has come is shown above the controls, in ms. */
const SHOWN_FOR = 6_000

export class Chat {
  #words
  /** What the other one is called, or ''. */
  #name
  #transfers
  #state = EMPTY_CHAT
  /** The row of each item, by its number. */
  #rows = new Map()
  /** The address of each file that has come. */
  #files = new Map()
  #timer

  /** `room` gives the room's name; errors that rows tell of are added to `told`. */
  constructor (words, adaptor, room, name, told) {
    this.#words = words
    this.#name = name
    this.#transfers = new Transfers(adaptor, event => this.#tell(event), told)
    find('say').addEventListener('submit', event => {
      event.preventDefault()
      const text = find('text').value.trim()
      if (text === '') return
      find('text').value = ''
      void this.#transfers.say(room(), text)
    })
    find('attach').addEventListener('click', () => find('files').click())
    find('files').addEventListener('change', ({ target }) => {
      this.#send(target.files)
      target.value = ''
    })
    document.addEventListener('sheet', ({ detail }) => this.#tell({ type: detail === 'chat' ? 'opened' : 'closed' }))
    this.#takeDrops()
  }

  hear (data) {
    this.#transfers.hear(data)
  }

  offer (file) {
    this.#transfers.offer(file)
  }

  clear () {
    this.#transfers.clear()
    for (const url of this.#files.values()) URL.revokeObjectURL(url)
    this.#files.clear()
  }

  /** Whether there is somebody to talk to. */
  show (able) {
    find('text').disabled = find('attach').disabled = find('utter').disabled = !able
  }

  #send (files) {
    for (const file of files) void this.#transfers.send(file)
  }

  #takeDrops () {
    const { dataset } = document.body
    const takes = event => dataset.layout === 'call' && event.dataTransfer?.types.includes('Files')
    document.addEventListener('dragover', event => {
      if (!takes(event)) return
      event.preventDefault()
      dataset.dropping = ''
    })
    // It leaves each element on its way; only the window has nothing to go to.
    document.addEventListener('dragleave', event => { if (event.relatedTarget === null) delete dataset.dropping })
    document.addEventListener('drop', event => {
      if (!takes(event)) return
      event.preventDefault()
      delete dataset.dropping
      this.#send(event.dataTransfer.files)
    })
  }

  #tell (event) {
    this.#state = reduceChat(this.#state, event)
    const { items, unread } = this.#state
    const badge = find('unread')
    badge.hidden = unread === 0
    write(find('count'), String(unread))
    find('nothing').hidden = items.length > 0
    if (items.length === 0) {
      find('log').replaceChildren()
      this.#rows.clear()
    }
    for (const item of items) this.#showItem(item)
    if (event.type === 'heard' || event.type === 'offered') this.#announce(items.at(-1))
    if (event.type !== 'opened') return
    find('news').hidden = true
    find('log').lastElementChild?.scrollIntoView({ block: 'nearest' })
  }

  /** Says above the controls what has come, for whoever does not have the chat before them. */
  #announce ({ text, name }) {
    if (openSheet() === 'chat') return
    const who = this.#name() || this.#words.chat.they
    const news = find('news')
    news.hidden = false
    write(news, `${who}: ${text ?? name}`)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => { news.hidden = true }, SHOWN_FOR)
  }

  #showItem (item) {
    let row = this.#rows.get(item.id)
    if (row === undefined) {
      row = item.kind === 'text' ? this.#textRow(item) : this.#fileRow(item)
      this.#rows.set(item.id, row)
      find('log').append(row.element)
      row.element.scrollIntoView({ block: 'nearest' })
    }
    row.update(item)
  }

  #textRow ({ mine, text }) {
    const element = make('div', { className: mine ? 'mine' : 'theirs' }, make('span', { className: 'away' }, `${mine ? this.#words.page.you : this.#name() || this.#words.chat.they}: `), text)
    const note = make('span', { className: 'fate' })
    element.append(note)
    return {
      element,
      update: ({ state }) => write(note, state === 'failed' || state === 'cancelled' ? this.#words.chat.failed : '')
    }
  }

  #fileRow ({ id, mine, name }) {
    const { chat } = this.#words
    const bar = make('progress', { max: 1, value: 0, ariaLabel: name })
    const note = make('p', { className: 'fate' })
    const cancel = make('button', { type: 'button', onclick: () => this.#transfers.cancel(id) })
    const save = make('button', { type: 'button', className: 'strong', onclick: () => { void this.#transfers.accept(id, blob => this.#keep(id, name, blob)) } }, chat.save)
    const again = make('a', { download: name === '' ? 'file' : name }, chat.saveAgain)
    const actions = make('div', { className: 'row' }, save, cancel, again)
    const element = make('div', { className: `file ${mine ? 'mine' : 'theirs'}` }, make('p', { className: 'filename' }, name), note, bar, actions)
    return {
      element,
      update: item => {
        const going = item.state === 'sending' || item.state === 'receiving'
        const hadFocus = actions.contains(document.activeElement)
        bar.hidden = !going
        if (item.size === null) bar.removeAttribute('value')
        else bar.value = item.size === 0 ? 1 : item.bytes / item.size
        write(note, fileNote(item, this.#words))
        save.hidden = item.state !== 'offered'
        cancel.hidden = !going && item.state !== 'offered'
        write(cancel, item.state === 'offered' ? chat.decline : chat.cancel)
        again.hidden = item.state !== 'received'
        if (item.state === 'received') again.href = this.#files.get(id)
        actions.hidden = save.hidden && cancel.hidden && again.hidden
        if (hadFocus && (document.activeElement?.closest('[hidden]') !== null || document.activeElement === document.body)) find('text').focus()
      }
    }
  }

  /** Saves what has come, where the browser puts its downloads. */
  #keep (id, name, blob) {
    const url = URL.createObjectURL(blob)
    this.#files.set(id, url)
    make('a', { href: url, download: name === '' ? 'file' : name }).click()
  }
}
