import { generate } from 'selfsigned'

/** A certificate for localhost that nobody has signed, made anew for each test file. */
export const certificate = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 })
  .then(({ private: key, cert }) => ({ key, cert }))
