// How big a pass is on paper and how long it takes to check: bytes, characters, QR version, and the time beside the bare Ed25519
// verifies that it needs in the same process.
import {
  assert,
  base45Decode,
  decodeDynamicPass,
  decodePass,
  dynamicPassPrefix,
  encodeDynamicPass,
  encodeHolderPass,
  encodePass,
  keyId,
  keyPairFromSeed,
  ready,
  sign,
  verifySignature,
  type KeyOf,
  type PassClaims,
} from '@postern/shared';
import { encodeQR } from 'qr';
import { compare } from './compare.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const ticketId = '0190f3a47b6c7d8e8f90a1b2c3d4e5f6';
const plain: PassClaims = { ticketId, event: 1_234, type: 12, epoch: 0 };
const withWindow: PassClaims = { ...plain, epoch: 3, notBeforeS: 1_790_000_000, expiresS: 1_790_086_400 };
const nowS = 1_790_040_000;

export const benchPasses: Bench = async ({ quick }) => {
  await ready;
  const keys = keyPairFromSeed(new Uint8Array(32).fill(1));
  const phone = keyPairFromSeed(new Uint8Array(32).fill(2));
  const dynamic = (claims: PassClaims): string =>
    encodeDynamicPass(encodeHolderPass(claims, phone.publicKey, keys), phone, nowS);
  const rounds = quick ? 2_000 : 10_000;

  const key = { publicKey: keys.publicKey, state: 'active' };
  const id = keyId(keys.publicKey);
  const keyOf: KeyOf = (candidate) => (candidate === id ? key : undefined);
  const message = new Uint8Array(100);
  const signature = sign(keys.secretKey, message);
  const verify = (): boolean => verifySignature(keys.publicKey, message, signature);
  const text = encodePass(withWindow, keys);
  const dynamicText = dynamic(withWindow);
  const times = compare(rounds, () => decodePass(text, keyOf), verify);
  const dynamicTimes = compare(
    rounds,
    () => decodeDynamicPass(dynamicText, keyOf),
    () => verify() && verify(),
  );
  return [
    ...sizeRows('static pass', encodePass(plain, keys), 8),
    ...sizeRows('static pass with a window', text, 8),
    ...sizeRows('dynamic pass', dynamic(plain), 12),
    ...sizeRows('dynamic pass with a window', dynamicText, 12),
    benchRow('decode and verify a pass, beside one bare Ed25519 verify', times.us, 'us', {
      baseline: times.baselineUs,
      bar: { ratioAtMost: 1.25 },
    }),
    // Beside both signatures it has to find out that the holder's key is one that anybody should hold.
    benchRow('decode and verify a dynamic pass, beside two bare Ed25519 verifies', dynamicTimes.us, 'us', {
      baseline: dynamicTimes.baselineUs,
      bar: { ratioAtMost: 1.75 },
    }),
  ];
};

function sizeRows(name: string, text: string, versionMax: number): readonly BenchRow[] {
  const bytes = base45Decode(text.slice(dynamicPassPrefix.length));
  assert(bytes.ok, 'what we have encoded decodes');
  return [
    benchRow(`${name}: bytes`, bytes.value.length, 'B'),
    benchRow(`${name}: text`, text.length, 'characters'),
    benchRow(`${name}: QR version at ECC M`, qrVersion(text), 'version', { bar: { atMost: versionMax } }),
  ];
}

/** Version from the number of modules: 17 + 4 x version, and one module of border on each side. */
function qrVersion(text: string): number {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', encoding: 'alphanumeric', border: 1 }).length - 2;
  return (modules - 17) / 4;
}
