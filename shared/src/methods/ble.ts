// Method `ble`: a wristband that is held up. Its static id is looked up, which anybody can advertise: assurance `looked-up`. A band with a
// key of its own carries a pass that names the key, and signs what this gate asks: assurance `challenged`, and a copy is worth nothing. To
// which ticket a band belongs is what bindings say; a pass on it counts where they say nothing else.
import { z } from 'zod';
import { tagRefusal, type TagState } from '../binding.ts';
import { bytesToHex, concatBytes, hexToBytes, utf8 } from '../bytes.ts';
import { isSoundPublicKey, signatureBytes, verifySignature } from '../crypto.ts';
import type { Claim, Refusal } from '../decision.ts';
import type { Lookups, VerificationMethod } from '../gate/ports.ts';
import { bytesToBase64Url } from '../base64.ts';
import { credentialIdOf, decodeHolderPass, encodeHolderPass, passClaims, type HolderPass } from '../pass.ts';
import type { BandPresentation, BandProof } from '../presentation.ts';
import { err, ok, type Result } from '../result.ts';
import { parseTagId, tagIdTextSchema } from '../tag.ts';
import { passClaim } from './pass-claim.ts';

const methodId = 'ble';
export const bandChallengeBytes = 16;

/** What `generate` asks for. */
export const bleOptionsSchema = z.strictObject({
  /** The band's static id, as it advertises it. */
  uid: tagIdTextSchema,
  /** Ed25519 public key of a band that can sign, 64 hexadecimal digits. */
  key: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/)
    .optional(),
});

/** What a band signs: the challenge, its ticket, and the id of the gate that asks, so that an answer is good at no other one. */
export const bandProofMessage = (challenge: Uint8Array, ticketId: string, gate: string): Uint8Array =>
  concatBytes(utf8('postern-band-v1\0'), challenge, hexToBytes(ticketId) ?? new Uint8Array(0), utf8(gate));

export const bleMethod: VerificationMethod = {
  id: methodId,
  assurance: 'challenged',
  generates: true,
  binds: 'ble',
  accepts: ({ medium }) => medium === 'ble',
  verify: async (presentation, lookups) =>
    presentation.medium === 'ble' ? verifyBand(presentation, lookups) : err({ type: 'not-a-ticket' }),
  generate: async ({ event, ticket, options }, issuer) => {
    const asked = bleOptionsSchema.safeParse(options);
    if (!asked.success) return err({ type: 'options-invalid', cause: z.prettifyError(asked.error) });
    const { uid: uidText, key: keyText } = asked.data;
    const id = parseTagId('ble', uidText);
    if (id === undefined) return err({ type: 'options-invalid', cause: 'uid: no id of a band' });
    const uid = bytesToHex(id);
    if (keyText === undefined) return ok({ payload: { uid } });
    const key = hexToBytes(keyText);
    if (key === undefined || !isSoundPublicKey(key))
      return err({ type: 'holder-key-unsound', cause: 'not a canonical Ed25519 key of full order' });
    const pass = encodeHolderPass(passClaims(event, ticket), key, issuer);
    return ok({ credentialId: credentialIdOf(pass), payload: { uid, pass: bytesToBase64Url(pass) }, toWrite: pass });
  },
};

function verifyBand({ id, proof }: BandPresentation, lookups: Lookups): Result<Claim, Refusal> {
  const state = lookups.tag('ble', id);
  if (state.type === 'conflict') return refuse(state);
  const pass = proof === undefined ? undefined : readProof(proof, lookups);
  // Whoever answers wrongly is not the band that it says it is, or is in other hands than its key.
  if (pass?.ok === false) return pass;
  if (state.type === 'bound') {
    const { ticketId, epoch } = state;
    const proves = pass !== undefined && pass.value.event === lookups.event && pass.value.ticketId === ticketId;
    // A pass for another ticket is left over on a band that somebody has bound anew.
    return ok(
      proves
        ? challenged(pass.value)
        : { method: methodId, assurance: 'looked-up', event: lookups.event, ticketId, epoch },
    );
  }
  if (pass === undefined) return refuse(state);
  // Somebody has taken the band from its ticket: what is written on it is no longer true.
  const isReleased = state.released === true && pass.value.event === lookups.event;
  return isReleased ? err({ type: 'replaced' }) : ok(challenged(pass.value));
}

/** Sizes, the issuer's signature, and then the band's own. */
function readProof(
  { credential, challenge, signature, gate }: BandProof,
  { issuerKey }: Lookups,
): Result<HolderPass, Refusal> {
  if (challenge.length !== bandChallengeBytes || signature.length !== signatureBytes) return err({ type: 'malformed' });
  const pass = decodeHolderPass(credential, issuerKey);
  if (!pass.ok) return err({ type: pass.error.type });
  const message = bandProofMessage(challenge, pass.value.ticketId, gate);
  return verifySignature(pass.value.holderKey, message, signature) ? pass : err({ type: 'signature-invalid' });
}

const challenged = (pass: HolderPass): Claim => ({ ...passClaim(methodId, pass), assurance: 'challenged' });

const refuse = (state: TagState): Result<Claim, Refusal> => err(tagRefusal(state) ?? { type: 'code-unknown' });
