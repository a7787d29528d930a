// How big a pass is on paper and how long it takes to check: bytes, characters, QR version, and the time beside a bare Ed25519
// verify in the same process.
import {
  decodePass,
  encodePass,
  encodePassBytes,
  keyId,
  keyPairFromSeed,
  ready,
  sign,
  verifySignature,
  type KeyOf,
  type PassClaims,
} from '@postern/shared';
import { encodeQR } from 'qr';
import { median } from '../lib/statistics.ts';
import { benchRow, type Bench } from './row.ts';

const ticketId = '0190f3a47b6c7d8e8f90a1b2c3d4e5f6';
/** Rounds until the compiler has seen both. */
const warmUpRounds = 2_000;
const kinds: readonly (readonly [string, PassClaims])[] = [
  ['static pass', { ticketId, event: 1_234, type: 12, epoch: 0 }],
  [
    'static pass with a window',
    { ticketId, event: 1_234, type: 12, epoch: 3, notBeforeS: 1_790_000_000, expiresS: 1_790_086_400 },
  ],
];

export const benchPasses: Bench = async ({ quick }) => {
  await ready;
  const keys = keyPairFromSeed(new Uint8Array(32).fill(1));
  const sizes = kinds.flatMap(([name, claims]) => {
    const text = encodePass(claims, keys);
    return [
      benchRow(`${name}: bytes`, encodePassBytes(claims, keys).length, 'B'),
      benchRow(`${name}: text`, text.length, 'characters'),
      benchRow(`${name}: QR version at ECC M`, qrVersion(text), 'version', { bar: { atMost: 8 } }),
    ];
  });

  const text = encodePass(kinds[1]?.[1] ?? { ticketId, event: 1, type: 1, epoch: 0 }, keys);
  const key = { publicKey: keys.publicKey, state: 'active' };
  const id = keyId(keys.publicKey);
  const keyOf: KeyOf = (candidate) => (candidate === id ? key : undefined);
  const message = new Uint8Array(100);
  const signature = sign(keys.secretKey, message);
  const decodeUs: number[] = [];
  const verifyUs: number[] = [];
  // Interleaved, so that a change of the machine's speed falls on both.
  for (let round = 0; round < warmUpRounds + (quick ? 2_000 : 10_000); round++) {
    const decode = timeUs(() => decodePass(text, keyOf));
    const verify = timeUs(() => verifySignature(keys.publicKey, message, signature));
    if (round < warmUpRounds) continue;
    decodeUs.push(decode);
    verifyUs.push(verify);
  }
  return [
    ...sizes,
    benchRow('decode and verify a pass, beside one bare Ed25519 verify', median(decodeUs), 'us', {
      baseline: median(verifyUs),
      bar: { ratioAtMost: 1.25 },
    }),
  ];
};

/** Version from the number of modules: 17 + 4 x version, and one module of border on each side. */
function qrVersion(text: string): number {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', encoding: 'alphanumeric', border: 1 }).length - 2;
  return (modules - 17) / 4;
}

function timeUs(run: () => unknown): number {
  const started = performance.now();
  run();
  return (performance.now() - started) * 1_000;
}
