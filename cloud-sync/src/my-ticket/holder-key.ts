// The key that makes this phone the holder of a ticket: Ed25519 by WebCrypto, not exportable, where the browser has it (Chromium from 137,
// Firefox from 129, Safari from 17). Elsewhere @noble/curves signs with a seed that lies in IndexedDB, where scripts of this page could read
// it; that code is loaded by such a browser only.

/** As IndexedDB keeps it. */
export type KeptKey = { readonly pair: CryptoKeyPair } | { readonly seed: Uint8Array };

export interface HolderKey {
  readonly kept: KeptKey;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The first 8 bytes of the SHA-256 of the public key. */
  readonly keyId: Uint8Array;
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

const seedBytes = 32;
const keyIdBytes = 8;

export async function makeKey(random: (bytes: number) => Uint8Array): Promise<KeptKey> {
  try {
    return { pair: await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']) };
  } catch {
    // NotSupportedError, or something else that this browser cannot do: the other way needs nothing of it.
    return { seed: random(seedBytes) };
  }
}

export async function openKey(kept: KeptKey): Promise<HolderKey> {
  const { publicKey, sign } = 'pair' in kept ? await openPair(kept.pair) : await openSeed(kept.seed);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', publicKey.slice()));
  return { kept, publicKey, keyId: hash.slice(0, keyIdBytes), sign };
}

type Opened = Pick<HolderKey, 'publicKey' | 'sign'>;

const openPair = async ({ publicKey, privateKey }: CryptoKeyPair): Promise<Opened> => ({
  publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)),
  sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, message.slice())),
});

async function openSeed(seed: Uint8Array): Promise<Opened> {
  const { ed25519 } = await import('@noble/curves/ed25519.js');
  return { publicKey: ed25519.getPublicKey(seed), sign: async (message) => ed25519.sign(message, seed) };
}
