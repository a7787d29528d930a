// Method `geofence`: a phone that has signed where it has been (PG1), held against the zones of the event's rules. `generate` binds the ticket
// to the phone's key, as `dynamic` does, and a position is what that phone says of itself: the signature is proved, the place is not.
// It is a claim only where the event's rules let a position admit; elsewhere presence is recorded as a pre-check, by the cloud.
import { geofenceProofPrefix, decodeGeofenceProof } from '../geofence-proof.ts';
import { follow, noTrack, type Presence } from '../geofence-track.ts';
import type { VerificationMethod } from '../gate/ports.ts';
import { isText } from '../presentation.ts';
import { err, ok } from '../result.ts';
import { cleanText } from './clean-text.ts';
import { generateHolderPass } from './holder-pass.ts';
import { passClaim } from './pass-claim.ts';

const methodId = 'geofence';

export const geofenceMethod: VerificationMethod = {
  id: methodId,
  assurance: 'signed',
  generates: true,
  accepts: (presentation) => isText(presentation) && cleanText(presentation.text).startsWith(geofenceProofPrefix),
  verify: async ({ text }, lookups) => {
    const proof = decodeGeofenceProof(cleanText(text), lookups.issuerKey);
    if (!proof.ok) return err({ type: proof.error.type });
    const geofence = lookups.geofence?.();
    if (geofence?.rules.mode !== 'admit') return err({ type: 'assurance-too-low' });
    let track = noTrack;
    let presence: Presence | undefined;
    for (const fix of proof.value.fixes) ({ track, presence } = follow(track, fix, geofence));
    if (presence?.type !== 'present') return err({ type: 'position-unproven' });
    // The message is as old as its last fix; `decide` judges that as it does a rotating code's.
    return ok({ ...passClaim(methodId, proof.value), issuedAtS: track.seenS });
  },
  generate: (request, issuer) => generateHolderPass(request, issuer, {}),
};
