// What somebody types to make a gate or a handheld, and the request that comes of it, or what is missing, field by field.
import { centralGate, gateNameSchema, gateRequestSchema, type GateDescription, type StaffTexts } from '@postern/shared';
import { labels } from './messages.ts';

export type DeviceKind = 'gate' | 'handheld';

export interface LaneDraft {
  readonly id: string;
  readonly direction: 'entry' | 'exit';
  /** One device a line. */
  readonly readers: string;
  readonly actuator: string;
}

export interface GateDraft {
  readonly kind: DeviceKind;
  readonly name: string;
  /** Empty: as the name says. */
  readonly id: string;
  readonly zone: string;
  readonly lanes: readonly LaneDraft[];
}

export type GateField = 'name' | 'id' | 'zone' | 'lanes';
export type GateErrors = Partial<Record<GateField, StaffTexts>>;

export const newLane = (number: number): LaneDraft => ({
  id: `lane-${number}`,
  direction: 'entry',
  readers: 'camera:///dev/video0',
  actuator: 'none://',
});

export const newGate = (zone: string): GateDraft => ({ kind: 'gate', name: '', id: '', zone, lanes: [newLane(1)] });

/** `Südkurve 3` -> `suedkurve-3`: what a gate may be called in files, certificates and commands. */
export const idOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll('ä', 'ae')
    .replaceAll('ö', 'oe')
    .replaceAll('ü', 'ue')
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 32)
    .replace(/-+$/, '');

export type GateRequestMade =
  | { readonly ok: true; readonly request: GateDescription }
  | { readonly ok: false; readonly errors: GateErrors };

/** `taken`: the ids of the event's gates. Nobody makes a gate and gets another one's code by a name that was used before. */
export function toGateRequest(draft: GateDraft, taken: ReadonlySet<string>): GateRequestMade {
  const id = draft.id.trim() === '' ? idOf(draft.name) : draft.id.trim();
  const errors: GateErrors = {};
  if (!gateNameSchema.safeParse(draft.name).success) errors.name = labels.nameWrong;
  if (!/^[a-z0-9-]{1,32}$/.test(id)) {
    if (errors.name === undefined) errors.id = labels.idMalformed;
  } else if (id === centralGate || taken.has(id)) errors.id = labels.idTaken;
  if (draft.zone === '') errors.zone = labels.zoneMissing;
  const request = gateRequestSchema.safeParse({
    id,
    name: draft.name.trim(),
    zone: draft.zone,
    lanes: draft.kind === 'handheld' ? [{ id: 'hand', readers: [], actuator: 'none://' }] : draft.lanes.map(toLane),
  });
  const names = draft.lanes.map((lane) => lane.id);
  if (draft.kind === 'gate' && new Set(names).size !== names.length) errors.lanes = labels.lanesRepeated;
  if (request.success && Object.keys(errors).length === 0) return { ok: true, request: request.data };
  if (Object.keys(errors).length === 0) errors.lanes = labels.lanesMalformed;
  return { ok: false, errors };
}

const toLane = ({ id, direction, readers, actuator }: LaneDraft): object => ({
  id: id.trim(),
  direction,
  readers: readers
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''),
  actuator: actuator.trim() === '' ? 'none://' : actuator.trim(),
});
