// What is said to a wristband once it is connected: the gate asks it to prove itself; the band desk writes on it, and reads back.
import { concatBytes, err, ok, utf8, type BandProof, type Random, type Result } from '@postern/shared';
import type { Sighting } from './ble-advertisement.ts';
import type { BandError, BandLink } from './ble-radio.ts';

/** What the band desk does with a band that is held up to its reader. Each call connects anew: what is read back has been kept. */
export interface BandPort {
  /** As advertised; empty for a blank band. */
  readonly id: Uint8Array;
  /** Whether it can be talked to at all: a band that only advertises is known by its id, and never written. */
  readonly canAnswer: boolean;
  /** The band's own Ed25519 public key, 32 bytes; undefined for a band that cannot sign. */
  readonly key: () => Promise<Result<Uint8Array | undefined, BandError>>;
  /** Replaces id and pass; an empty credential takes the pass away. Read back before you say done. */
  readonly write: (id: Uint8Array, credential: Uint8Array) => Promise<Result<void, BandError>>;
  readonly readBack: () => Promise<Result<BandContent, BandError>>;
}

export interface BandContent {
  readonly id: Uint8Array;
  /** Empty where there is no pass. */
  readonly credential: Uint8Array;
}

export type Converse = <T>(talk: (link: BandLink) => Promise<Result<T, BandError>>) => Promise<Result<T, BandError>>;

const challengeBytes = 16;
const publicKeyBytes = 32;

/**
 * Writes 16 random bytes and the gate's id, which the band signs together with its ticket's. Whether the signature is right, the method
 * judges.
 */
export async function askForProof(link: BandLink, gate: string, random: Random): Promise<Result<BandProof, BandError>> {
  const credential = await link.read('credential');
  if (!credential.ok) return credential;
  if (credential.value.length === 0) return err({ type: 'band-failed', cause: 'the band carries no pass' });
  const answer = await link.listen('proof');
  if (!answer.ok) return answer;
  const challenge = random(challengeBytes);
  const asked = await link.write('challenge', concatBytes(challenge, utf8(gate)));
  if (!asked.ok) return asked;
  return ok({ gate, credential: credential.value, challenge, signature: await answer.value.next });
}

export const createBandPort = ({ id, canAnswer }: Sighting, converse: Converse): BandPort => ({
  id,
  canAnswer,
  key: () =>
    converse(async (link) => {
      const key = await link.read('key');
      if (!key.ok) return key;
      return ok(key.value.length === publicKeyBytes ? key.value : undefined);
    }),
  write: (newId, credential) =>
    converse(async (link) => {
      const written = await link.write('credential', credential);
      return written.ok ? link.write('id', newId) : written;
    }),
  readBack: () =>
    converse(async (link) => {
      const credential = await link.read('credential');
      if (!credential.ok) return credential;
      const written = await link.read('id');
      return written.ok ? ok({ id: written.value, credential: credential.value }) : written;
    }),
});
