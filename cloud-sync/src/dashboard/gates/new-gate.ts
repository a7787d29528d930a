// What somebody types to make a gate or a handheld, and the request that comes of it, or what is missing, field by field.
import { centralGate, type GateDescription, type LaneConfig, type StaffTexts } from '@postern/shared';
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
  const name = draft.name.trim();
  if (!/^[^\p{Cc}\p{Cs}]+$/u.test(name) || name.length > nameCharsMax) errors.name = labels.nameWrong;
  if (!idPattern.test(id)) {
    if (errors.name === undefined) errors.id = labels.idMalformed;
  } else if (id === centralGate || taken.has(id)) errors.id = labels.idTaken;
  if (draft.zone === '') errors.zone = labels.zoneMissing;
  const lanes = (draft.kind === 'handheld' ? [handLane] : draft.lanes).map(toLane);
  if (new Set(lanes.map((lane) => lane.id)).size !== lanes.length) errors.lanes = labels.lanesRepeated;
  else if (!lanes.every(isLane)) errors.lanes = labels.lanesMalformed;
  return Object.keys(errors).length > 0
    ? { ok: false, errors }
    : { ok: true, request: { id, name, zone: draft.zone, lanes } };
}

/** Of its own camera and the steward who carries it. */
const handLane: LaneDraft = { id: 'hand', direction: 'entry', readers: '', actuator: '' };

// As the cloud takes them.
const idPattern = /^[a-z0-9-]{1,32}$/;
const nameCharsMax = 100;
const readersMax = 8;
const deviceCharsMax = 500;
const isLane = ({ id, readers, actuator }: LaneConfig): boolean =>
  idPattern.test(id) &&
  readers.length <= readersMax &&
  [...readers, actuator].every((device) => device.length <= deviceCharsMax);

const toLane = ({ id, direction, readers, actuator }: LaneDraft): LaneConfig => ({
  id: id.trim(),
  direction,
  readers: readers
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''),
  actuator: actuator.trim() === '' ? 'none://' : actuator.trim(),
  onFailure: 'locked',
});
