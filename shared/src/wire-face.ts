// The JSON messages about faces: what an organiser has to say before anybody may enrol, what the subject agrees to and sends, what is kept and
// what it can be asked for. Templates travel in one direction, from the subject; only the subject's own export gives one back.
import { z } from 'zod';
import { enrolmentFramesMin } from './face-template.ts';
import { faceRulesSchema } from './face-rules.ts';
import { ticketIdSchema } from './wire-tickets.ts';
import { eventIdSchema } from './wire.ts';

const unixMs = z.number().int().min(0).max(8_640_000_000_000_000);

/** What a consent is for: one purpose, and no other. */
export const facePurpose = 'entry-1to1';
export const enrolmentFramesMax = 10;
const languagesMax = 20;
const consentTextCharsMax = 2_000;
/** In all languages together: a request has at most 64 KiB. */
const consentCharsMax = 12_000;

const languageTag = z.string().regex(/^[a-z]{2,3}(?:-[A-Z]{2})?$/);
const versionSchema = z.string().regex(/^[A-Za-z0-9._-]{1,40}$/);

export const consentTextsSchema = z.object({
  version: versionSchema,
  /** By language. What was once published under a version stays as it is. */
  texts: z
    .record(languageTag, z.string().trim().min(1).max(consentTextCharsMax))
    .refine((texts) => Object.keys(texts).length > 0, 'in at least one language')
    .refine((texts) => Object.keys(texts).length <= languagesMax, `at most ${languagesMax} languages`)
    .refine(
      (texts) => Object.values(texts).reduce((sum, text) => sum + text.length, 0) <= consentCharsMax,
      `at most ${consentCharsMax} characters in all`,
    ),
});
export type ConsentTexts = z.infer<typeof consentTextsSchema>;

const { distanceMax, lookS } = faceRulesSchema.shape;
const setupShape = {
  consent: consentTextsSchema.optional(),
  /** Where the data protection impact assessment lies: a number, a name, an address. */
  dpia: z.string().trim().min(1).max(200).optional(),
  /** Nobody younger may enrol. */
  ageMin: z.number().int().min(13).max(99).optional(),
  /** Hours after the event's end for which faces are kept. */
  keepHours: z.number().int().min(0).max(720).default(24),
  distanceMax,
  lookS,
} as const;

/** `PUT /api/events/{event}/face`. */
export const faceSetupRequestSchema = z.strictObject(setupShape);
export type FaceSetupRequest = z.infer<typeof faceSetupRequestSchema>;

/** What has to be said before anybody may enrol: `end` is the event's, among its deadlines. */
export const faceLacks = ['consent', 'dpia', 'ageMin', 'end'] as const;
export type FaceLack = (typeof faceLacks)[number];

export const faceSetupSchema = z.object({
  ...setupShape,
  /** Faces are gone by then, at the gates too. */
  erasesAtMs: unixMs.optional(),
  /** Empty: people may enrol. */
  missing: z.array(z.enum(faceLacks)),
});
export type FaceSetup = z.infer<typeof faceSetupSchema>;
export const faceSetupResponseSchema = z.object({ event: eventIdSchema, face: faceSetupSchema });
export type FaceSetupResponse = z.infer<typeof faceSetupResponseSchema>;

/** Base64 of one signed byte for each of 128 dimensions. */
const templateSchema = z.string().regex(/^[A-Za-z0-9+/]{171}=$/);

/** What the quality gate has measured of a frame (`FaceQuality`), before anything left the phone. */
export const faceQualitySchema = z.strictObject({
  sidePx: z.number().min(0).max(10_000),
  turn: z.number().min(-100).max(100),
  tiltDegrees: z.number().min(-180).max(180),
  sharpness: z.number().min(0).max(1_000),
  luma: z.number().min(0).max(255),
});

/** `POST /api/tickets/{ticket}/face`, and `POST /face/enrolment` by who has a link. */
export const faceEnrolmentRequestSchema = z.strictObject({
  model: z.number().int().min(0).max(65_535),
  version: z.number().int().min(0).max(65_535),
  frames: z
    .array(z.strictObject({ template: templateSchema, quality: faceQualitySchema }))
    .min(enrolmentFramesMin)
    .max(enrolmentFramesMax),
  consent: z.strictObject({
    version: versionSchema,
    language: languageTag,
    /** The box was ticked, by the person whose face it is. */
    agreed: z.literal(true),
    /** So was the one about the least age. */
    ageConfirmed: z.literal(true),
  }),
});
export type FaceEnrolmentRequest = z.infer<typeof faceEnrolmentRequestSchema>;

export const faceEnds = ['withdrawn', 'replaced', 'passed-on', 'retention', 'erased'] as const;
export type FaceEnd = (typeof faceEnds)[number];

/** One consent, and what became of it. The face itself is gone from the moment it ended. */
export const faceConsentSchema = z.object({
  purpose: z.string(),
  version: z.string(),
  language: z.string(),
  /** The least age that was confirmed. */
  ageMin: z.number().int(),
  agreedAtMs: unixMs,
  /** Who pressed: the subject with a link, somebody signed in as the ticket's holder, or staff at a kiosk. */
  by: z.enum(['link', 'holder', 'staff']),
  endedAtMs: unixMs.optional(),
  end: z.enum(faceEnds).optional(),
});
export type FaceConsent = z.infer<typeof faceConsentSchema>;

/** `GET /api/tickets/{ticket}/face`: for staff and holder, without the face. */
export const faceStatusSchema = z.object({
  ticket: ticketIdSchema,
  enrolled: z.boolean(),
  erasesAtMs: unixMs.optional(),
  /** The latest first. */
  consents: z.array(faceConsentSchema),
});
export type FaceStatus = z.infer<typeof faceStatusSchema>;

export const faceEnrolledSchema = z.object({
  ticket: ticketIdSchema,
  agreedAtMs: unixMs,
  erasesAtMs: unixMs,
  /** With it the subject withdraws, and asks what is kept; shown this once, and only to who came with a link. */
  token: z.string().optional(),
});
export type FaceEnrolled = z.infer<typeof faceEnrolledSchema>;

/** `POST /api/tickets/{ticket}/face/links`. */
export const faceLinkSchema = z.object({ url: z.string(), expiresAtMs: unixMs });
export type FaceLink = z.infer<typeof faceLinkSchema>;

/** `GET /face/subject`: what the page shows to who has a link. */
export const faceSubjectSchema = z.object({
  event: z.object({ id: eventIdSchema, name: z.string() }),
  /** `open`: may enrol; `enrolled`; `ended`: withdrawn, or the face is gone for another reason. */
  state: z.enum(['open', 'enrolled', 'ended']),
  consent: consentTextsSchema.optional(),
  ageMin: z.number().int().optional(),
  /** Frames of one person are no further apart. */
  distanceMax: z.number().optional(),
  erasesAtMs: unixMs.optional(),
  consents: z.array(faceConsentSchema),
});
export type FaceSubject = z.infer<typeof faceSubjectSchema>;

/** `GET /face/export`, `GET /api/tickets/{ticket}/face/export`: everything that is kept, for the person whose face it is (GDPR, article 15). */
export const faceExportSchema = z.object({
  event: z.object({ id: eventIdSchema, name: z.string() }),
  ticket: ticketIdSchema,
  madeAtMs: unixMs,
  dpia: z.string().optional(),
  erasesAtMs: unixMs.optional(),
  consents: z.array(z.object({ ...faceConsentSchema.shape, text: z.string().optional() })),
  /** Absent once it is gone. */
  face: z
    .object({
      model: z.number().int(),
      version: z.number().int(),
      /** Base64 of 128 signed bytes: what gates compare with. There is no picture. */
      template: z.string(),
      frames: z.array(faceQualitySchema),
    })
    .optional(),
});
export type FaceExport = z.infer<typeof faceExportSchema>;
