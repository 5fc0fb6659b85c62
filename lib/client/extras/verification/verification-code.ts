/** 64 words that are spelled alike in English and German, and do not sound alike. */
const WORDS = (
  'alarm album arena aroma atlas baby bison cargo delta diesel drama echo emu film forum gala garage giraffe gorilla hammer hotel jaguar ' +
  'jazz kiwi koala laser lava mango marathon motor museum nylon orange oregano panda papaya piano pilot pizza planet polo pony poster puma ' +
  'pyjama radio rose sand sauna silo sofa taxi tennis tiger tornado totem tuba turbo uniform villa winter wolf yoga zebra'
).split(' ')

/** SHA-256 of these texts. JSON keeps them apart, so that no two lists have the same hash. */
async function hash (...texts: string[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(texts))))
}

/** What tells nothing of a nonce, and fits no other one. */
export async function commitmentTo (nonce: string): Promise<string> {
  return Array.from(await hash('commitment', nonce), byte => byte.toString(16).padStart(2, '0')).join('')
}

/** What both ends of one DTLS connection know alike, and nobody knew before both nonces were told. */
export interface CodeSource {
  /** The certificates of the side that commits itself, and of the other one. */
  fingerprints: readonly [string, string]
  /** The nonces of the two, in the same order. */
  nonces: readonly [string, string]
}

/** Two words and a number of four digits, one of 36,864,000 codes (25 bits), each as likely as any other. */
export async function codeOf ({ fingerprints, nonces }: CodeSource): Promise<string> {
  const bits = new DataView((await hash('code', ...fingerprints, ...nonces)).buffer)
  return `${WORDS[bits.getUint8(0) % 64]} ${WORDS[bits.getUint8(1) % 64]} ${1_000 + bits.getUint32(2) % 9_000}`
}
