// What was presented over HTTP, as a reader would have it, and what is known of a tag that was.
import {
  base64ToBytes,
  bytesToHex,
  faceMethodId,
  faceTemplateBytes,
  hexToBytes,
  isText,
  parseTagId,
  tagHash,
  type Presentation,
  type TagState,
  type VerificationMethod,
  type VerifyRequest,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import { codeHashKeyOf } from './band-id.ts';
import { readTagState } from './band-states.ts';
import type { EventRecord } from './events.ts';

/** As a reader would have it; undefined for a text that is no tag's id where a tag is asked for, or no template where a face is. */
export function present(
  { id: method, binds }: VerificationMethod,
  { presented_data: text, ndef }: Pick<VerifyRequest, 'presented_data' | 'ndef'>,
  seen: Pick<Presentation, 'readerId' | 'seenAtMs'>,
  ticketId: string,
): Presentation | undefined {
  if (method === faceMethodId) return presentFace(text, seen, ticketId);
  if (binds === undefined) return { ...seen, medium: 'typed', text };
  const id = parseTagId(binds, text.trim());
  if (id === undefined) return undefined;
  const named = { ...seen, text: `${binds}:${bytesToHex(id)}` };
  if (binds === 'ble') return { ...named, medium: binds, id };
  const message = ndef === undefined ? undefined : hexToBytes(ndef);
  return { ...named, medium: binds, uid: id, ...(message === undefined ? {} : { ndef: message }) };
}

/** `text`: the template of what a camera has seen just now, in Base64; it is compared, and nothing of it is kept. */
function presentFace(
  text: string,
  seen: Pick<Presentation, 'readerId' | 'seenAtMs'>,
  ticketId: string,
): Presentation | undefined {
  const template = base64ToBytes(text);
  if (template?.length !== faceTemplateBytes) return undefined;
  return { ...seen, medium: 'face', text: `face:${ticketId}`, ticketId, template };
}

/** How marks know the tag, and what they say of it; undefined where no tag was presented. */
export async function readTag(
  database: Database,
  event: EventRecord,
  presented: Presentation | undefined,
): Promise<{ readonly hash: string; readonly state: TagState } | undefined> {
  if (presented === undefined || isText(presented) || presented.medium === 'face') return undefined;
  const id = presented.medium === 'nfc' ? presented.uid : presented.id;
  const hash = tagHash(codeHashKeyOf(event), presented.medium, id);
  return { hash, state: await readTagState(database, event.id, hash) };
}
