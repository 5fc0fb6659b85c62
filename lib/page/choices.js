// Which devices there are to choose from, and which was chosen: pure functions.

/** The kinds of devices, what the page calls them, and whether they are asked for by constraints of `getUserMedia`. */
export const CHOOSABLE = { videoinput: 'camera', audioinput: 'microphone', audiooutput: 'loudspeaker' }

/** Of Windows: a second name for a device that is in the list already. */
const SECOND_NAMES = ['communications']

/** The devices of a kind as a list to choose from; one without a label, which a browser keeps until it may use a device, gets a number. */
export function choicesOf (devices, kind, words) {
  return devices.filter(device => device.kind === kind && device.deviceId !== '' && !SECOND_NAMES.includes(device.deviceId)).map(({ deviceId, label }, index) => ({
    value: deviceId,
    text: label === '' ? words.unnamed[kind].replace('{number}', index + 1) : label
  }))
}

/** Which of them is shown as chosen: the one in use, the one that a person has chosen for when it is switched on, or the first. */
export function chosenOf (choices, ...candidates) {
  const found = candidates.find(candidate => choices.some(({ value }) => value === candidate))
  return found ?? choices[0]?.value ?? ''
}

/** What `getUserMedia` is asked for, with the devices that were chosen before where they are still there. */
export function constraintsOf ({ camera, microphone }) {
  const ask = deviceId => typeof deviceId === 'string' && deviceId !== '' ? { deviceId: { ideal: deviceId } } : true
  return { video: ask(camera), audio: ask(microphone) }
}
