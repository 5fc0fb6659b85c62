/**
 * The fingerprints of the certificates that a description names (RFC 8122, section 5), each once, in one order and one spelling: browsers
 * write them for the whole description or for each section, and may change that when they take one. All of them count, since a browser
 * accepts a certificate that fits any (RFC 8122, section 6.2), and whoever is in the middle may have added one. Empty where there is none.
 */
export function fingerprintsOf (description: RTCSessionDescription | null): string {
  const found = [...(description?.sdp ?? '').matchAll(/^a=fingerprint:(\S+) +(\S+)/gim)].map(([, hash, value]) => `${hash} ${value}`.toLowerCase())
  return [...new Set(found)].sort().join()
}
