// Enrolment by the address that all methods share: `generate` with the frames and the consent as its options.
import { err, faceEnrolmentRequestSchema, ok } from '@postern/shared';
import type { Faces } from './faces.ts';
import type { Generate } from './ticket-methods.ts';

export const generateFace =
  ({ enrol }: Pick<Faces, 'enrol'>): Generate =>
  async (ticketId, options, actor, entry) => {
    const request = faceEnrolmentRequestSchema.safeParse(options);
    if (!request.success) {
      const [issue] = request.error.issues;
      return err({ type: 'options-invalid', detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}` });
    }
    const enrolled = await enrol(ticketId, request.data, { actor }, entry);
    if (!enrolled.ok) return enrolled;
    const { agreedAtMs, erasesAtMs } = enrolled.value.answer;
    return ok({ credential: enrolled.value.credential, payload: { agreedAtMs, erasesAtMs } });
  };
