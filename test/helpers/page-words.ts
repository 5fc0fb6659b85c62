import german from '../../lib/page/words-de.js'
import english from '../../lib/page/words-en.js'

/** The language in which the states of the page are looked at: PAGE_LANGUAGE, or English. */
export const PAGE_LANGUAGE = process.env.PAGE_LANGUAGE ?? 'en'

function pairs (from: object, to: object): Array<[string, string]> {
  return Object.entries(from).flatMap(([key, value]): Array<[string, string]> => {
    const other = (to as Record<string, unknown>)[key]
    if (typeof value === 'string' && typeof other === 'string') return [[value, other]]
    return typeof value === 'object' && value !== null && typeof other === 'object' && other !== null ? pairs(value, other) : []
  })
}

const GERMAN = new Map(pairs(english, german))

/** Words of the page, given in English, in the language in which it is looked at. */
export function said (words: string): string {
  return PAGE_LANGUAGE === 'de' ? GERMAN.get(words) ?? words : words
}
