// The gate.toml that enrolment writes: what the cloud knows of this gate's lanes, in the form that `loadConfig` reads, for a
// technician to adapt. It ends so that further tables can simply be added at its end.
import type { EnrolResponse, LaneConfig } from '@postern/shared';
import { stringify } from 'smol-toml';

export interface GateTomlInput {
  readonly gate: { readonly id: string; readonly name: string; readonly zone: string };
  readonly event: number;
  /** Further events at which it stands. */
  readonly also: EnrolResponse['also'];
  /** Address under which this gate has reached the cloud. */
  readonly cloudUrl: string;
  /** `HOST:PORT` at which other gates reach it, and handhelds; undefined where they do not. */
  readonly lanListen: string | undefined;
  readonly lanWeb: string | undefined;
  readonly lanes: readonly LaneConfig[];
}

/** For a lane whose reader the cloud does not name: it reads nothing and disturbs no other lane. */
export const readerWhenNoneNamed = 'sim://';
/** A cloud may have none for a gate whose turnstile is still on its way. */
const laneWhenNoneNamed: LaneConfig = {
  id: 'lane-1',
  direction: 'entry',
  readers: [],
  actuator: 'none://',
  onFailure: 'locked',
};

const head = `# This gate, as the cloud described it when it enrolled. It is yours to edit; \`gate-agent doctor\` checks it.
# Every key, with its meaning and default: /usr/share/doc/postern-gate/examples/gate.example.toml (systemd/ in a checkout).
`;

/** The file's text. */
export function renderGateToml({ gate, event, also, cloudUrl, lanListen, lanWeb, lanes }: GateTomlInput): string {
  const table = {
    gate: { id: gate.id, name: gate.name, event, zone: gate.zone, data: '.' },
    cloud: { url: cloudUrl },
    ...(lanListen === undefined
      ? {}
      : { lan: { listen: lanListen, ...(lanWeb === undefined ? {} : { web: lanWeb }) } }),
    ...(also.length === 0 ? {} : { events: also.map(({ id, zone }) => ({ id, zone })) }),
    lanes: (lanes.length === 0 ? [laneWhenNoneNamed] : lanes).map((lane) => ({
      id: lane.id,
      direction: lane.direction,
      readers: lane.readers.length === 0 ? [readerWhenNoneNamed] : lane.readers,
      actuator: lane.actuator,
      onFailure: lane.onFailure,
      ...(lane.passageTimeoutMs === undefined ? {} : { passageTimeoutMs: lane.passageTimeoutMs }),
    })),
  };
  return `${head}\n${stringify(table).trimEnd()}\n`;
}

/** Lanes whose reader somebody still has to name. */
export const lanesWithoutReader = (lanes: readonly LaneConfig[]): readonly string[] =>
  (lanes.length === 0 ? [laneWhenNoneNamed] : lanes).filter((lane) => lane.readers.length === 0).map((lane) => lane.id);
