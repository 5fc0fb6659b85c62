// The page's words in the language of the browser.

import german from './words-de.js'
import english from './words-en.js'

const LANGUAGES = [english, german]

/** The first of a person's languages that the page has, or English. */
export function wordsFor (languages) {
  const bases = languages.map(language => language.toLowerCase().split('-')[0])
  for (const base of bases) {
    const words = LANGUAGES.find(({ language }) => language === base)
    if (words !== undefined) return words
  }
  return english
}

/** Which browser's menus a person has to look for, by what it calls itself. */
export function browserOf (userAgent) {
  // All of iOS is Safari within, but another browser asks for the camera by the system's settings.
  if (/iPhone|iPad|iPod/.test(userAgent)) return 'ios'
  if (/Firefox\//.test(userAgent)) return /Android/.test(userAgent) ? 'android' : 'firefox'
  if (/Android/.test(userAgent)) return 'android'
  if (/Chrome\/|Chromium\//.test(userAgent)) return 'chromium'
  return /Safari\//.test(userAgent) ? 'safari' : 'other'
}

/**
 * What an error means to the person in front of the screen, and what to do.
 *
 * @param {{ name: string, device?: string, otherwise?: string }} error as the state has it
 */
export function errorIn (words, error, browser) {
  const { name, device, otherwise } = error
  const known = [name, otherwise].find(each => Object.keys(words.errors).includes(each))
  const entry = known === undefined ? words.unknownError.replace('{name}', name) : words.errors[known]
  const text = typeof entry === 'string' ? entry : entry[browser] ?? entry.other
  return text.replaceAll('{device}', words.devices[device ?? 'both'])
}

/** Puts the words of another language in place of the page's own. */
export function translate (root, words) {
  root.documentElement.lang = words.language
  root.title = words.page.title
  const put = (attribute, write) => {
    for (const element of root.querySelectorAll(`[data-${attribute}]`)) write(element, words.page[element.dataset[attribute]])
  }
  put('word', (element, text) => { element.textContent = text })
  put('label', (element, text) => element.setAttribute('aria-label', text))
  put('placeholder', (element, text) => { element.placeholder = text })
  put('title', (element, text) => { element.title = text })
}
