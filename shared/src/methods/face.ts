// Method `face`: a face that a camera sees, compared with the one template of the ticket that something else has named: 1:1, never a search.
// A likeness is no proof: it counts only beside another method, at the least assurance. What is compared is there for as long as its data
// key is; nothing of what was seen is kept, whether it fits or not.
import type { Claim, Refusal } from '../decision.ts';
import { openFace } from '../face-seal.ts';
import type { FaceRules } from '../face-rules.ts';
import type { SealedFace } from '../face-files.ts';
import { faceDistance, faceModel, faceTemplateBytes, isSameModel } from '../face-template.ts';
import type { VerificationMethod } from '../gate/ports.ts';
import { faceMethodId } from '../proofs.ts';
import { err, ok, type Result } from '../result.ts';

/** What the feed has of faces; absent where an event's rules say nothing of them. */
export interface FaceLookups {
  readonly rules: FaceRules;
  /** Without a key where that has been destroyed. */
  readonly find: (ticketId: string) => { readonly face: SealedFace; readonly key?: Uint8Array | undefined } | undefined;
}

export interface EnrolledFace {
  readonly template: Uint8Array;
  /** Of the ticket when the face was enrolled: whoever has it since is somebody else. */
  readonly epoch: number;
  readonly rules: FaceRules;
}

/** The template of a ticket, or why it cannot be compared with anything. */
export function enrolledFace(
  faces: FaceLookups | undefined,
  event: number,
  ticketId: string,
): Result<EnrolledFace, Refusal> {
  const found = faces?.find(ticketId);
  if (faces === undefined || found === undefined) return err({ type: 'face-unknown' });
  const { face, key } = found;
  if (!isSameModel(face, faceModel)) return err({ type: 'face-other-model' });
  if (key === undefined) return err({ type: 'face-erased' });
  const { epoch, model, version, sealed } = face;
  const template = openFace(sealed, { event, ticketId, epoch, model, version }, key);
  return template === undefined ? err({ type: 'face-invalid' }) : ok({ template, epoch, rules: faces.rules });
}

export const faceMethod: VerificationMethod = {
  id: faceMethodId,
  assurance: 'looked-up',
  generates: false,
  onlyBeside: true,
  accepts: ({ medium }) => medium === 'face',
  verify: async (presentation, lookups) => {
    if (presentation.medium !== 'face' || presentation.template.length !== faceTemplateBytes)
      return err({ type: 'malformed' });
    const { ticketId, template } = presentation;
    const enrolled = enrolledFace(lookups.face?.(), lookups.event, ticketId);
    if (!enrolled.ok) return enrolled;
    const { epoch, rules } = enrolled.value;
    if (faceDistance(enrolled.value.template, template) > rules.distanceMax) return err({ type: 'face-unproven' });
    const claim: Claim = {
      method: faceMethodId,
      assurance: 'looked-up',
      event: lookups.event,
      ticketId,
      epoch,
      expiresS: rules.untilS,
      onlyBeside: true,
    };
    return ok(claim);
  },
  // Enrolment asks for consent and several frames, and has an address of its own.
  generate: async () => err({ type: 'nothing-to-generate' }),
};
