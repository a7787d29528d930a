// What a browser must have for a gate to run in it. Whatever else it lacks (camera, NFC, vibration) is the page's to go without.

const features: readonly (readonly [name: string, has: () => boolean])[] = [
  ['a secure address (https)', () => isSecureContext],
  ['IndexedDB', () => 'indexedDB' in globalThis],
  // Without it nobody knows when a mark is on the disk.
  [
    'IndexedDB with strict durability',
    () => 'IDBTransaction' in globalThis && 'durability' in IDBTransaction.prototype,
  ],
  ['Web Locks', () => 'locks' in navigator],
  ['BroadcastChannel', () => 'BroadcastChannel' in globalThis],
  ['Web Crypto', () => 'crypto' in globalThis && 'subtle' in crypto],
  ['DecompressionStream', () => 'DecompressionStream' in globalThis],
  ['WebAssembly', () => 'WebAssembly' in globalThis],
  ['module workers', () => 'Worker' in globalThis],
];

export const missingFeatures = (): readonly string[] => features.filter(([, has]) => !has()).map(([name]) => name);
