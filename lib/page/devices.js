// The pickers of camera, microphone and loudspeaker.

import { choicesOf, chosenOf, CHOOSABLE } from './choices.js'
import { find } from './elements.js'

const METHODS = { camera: 'switchVideoCameraCapture', microphone: 'switchAudioInputSource', loudspeaker: 'switchAudioOutput' }

export class DevicePickers {
  #words
  #adaptor
  #remember
  /** What a person has chosen, by what the page calls the device. */
  #chosen
  #devices = []

  /** `adaptor` gives the adaptor; `remember` keeps what is chosen; `chosen` is what was kept. */
  constructor (words, adaptor, chosen, remember) {
    this.#words = words
    this.#adaptor = adaptor
    this.#chosen = { ...chosen }
    this.#remember = remember
    for (const device of Object.values(CHOOSABLE)) find(`${device}Choice`).addEventListener('change', event => { void this.#choose(device, event.target.value) })
    // Safari before 18.4 and browsers on phones leave the choice to the system.
    find('loudspeakerChoice').closest('.field').hidden = !('setSinkId' in window.HTMLMediaElement.prototype)
  }

  /** The devices that there are now. */
  update (devices) {
    const first = this.#devices.length === 0
    this.#devices = devices
    this.show()
    if (first) this.#restore()
  }

  /** Takes what was chosen the last time. Chromium does not always give the camera that constraints have as `ideal`. */
  #restore () {
    const used = this.#used()
    for (const [kind, device] of Object.entries(CHOOSABLE)) {
      const deviceId = this.#chosen[device]
      const known = this.#devices.some(each => each.kind === kind && each.deviceId === deviceId)
      if (known && deviceId !== used[device]) void this.#choose(device, deviceId)
    }
  }

  /** Shows which of the devices are in use. */
  show () {
    const used = this.#used()
    for (const [kind, device] of Object.entries(CHOOSABLE)) {
      const picker = find(`${device}Choice`)
      const choices = choicesOf(this.#devices, kind, this.#words)
      picker.disabled = choices.length === 0
      const options = choices.length === 0 ? [{ value: '', text: this.#words.noDevice }] : choices
      // A list that is open must not be exchanged for the same one.
      if (options.map(({ value, text }) => value + text).join() !== [...picker.options].map(({ value, text }) => value + text).join()) {
        picker.replaceChildren(...options.map(({ value, text }) => new window.Option(text, value)))
      }
      picker.value = chosenOf(choices, used[device], this.#chosen[device])
    }
  }

  #used () {
    const tracks = this.#adaptor()?.localStream?.getTracks() ?? []
    const of = kind => tracks.find(track => track.kind === kind)?.getSettings().deviceId
    // Not of the loudspeaker's element: '' stands for the default one there, which has a name of its own in the list.
    return { camera: of('video'), microphone: of('audio') }
  }

  async #choose (device, deviceId) {
    const before = this.#chosen[device]
    this.#chosen[device] = deviceId
    try {
      await this.#adaptor()[METHODS[device]](null, deviceId)
      this.#remember({ [device]: deviceId })
    } catch {
      // Told as an error already; the old one goes on.
      if (this.#chosen[device] === deviceId) this.#chosen[device] = before
    }
    this.show()
  }
}
