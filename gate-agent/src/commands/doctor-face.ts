// The doctor's look at faces, where an event's rules have them: whether the models are there, and which entries have a camera that sees any.
// Nothing of it keeps a gate from working: whoever cannot be recognised is let in by a person.
import { faceMethodId, type AdmissionPolicy } from '@postern/shared';
import type { GateConfig } from '../config.ts';
import { codeCameraIndex } from '../face/lane-camera.ts';
import { warn, well, type DoctorDeps, type Finding } from './doctor-finding.ts';

const about = 'faces';

export function checkFaces(
  policy: AdmissionPolicy,
  { lanes }: Pick<GateConfig, 'lanes'>,
  {
    hasFaceModels,
    isSealed,
    nowMs,
  }: Pick<DoctorDeps, 'hasFaceModels'> & {
    readonly isSealed: boolean;
    readonly nowMs: number;
  },
): readonly Finding[] {
  if (policy.face === undefined || policy.methodsOff.includes(faceMethodId)) return [];
  if (nowMs >= policy.face.untilS * 1_000) return [well(about, 'the time for which the event keeps them is over')];
  if (!hasFaceModels())
    return [
      warn(
        about,
        'the event has them, but the models to compare them are not on this machine: a person decides instead',
        'install the package again; from the sources: npm run build',
      ),
    ];
  const entries = lanes.filter(({ direction }) => direction === 'entry');
  const blind = entries.filter(({ readers, faceCamera }) => faceCamera === undefined && codeCameraIndex(readers) < 0);
  const seeing = entries.filter((lane) => !blind.includes(lane)).map(({ id }) => id);
  return [
    ...(seeing.length === 0 ? [] : [well(about, `the models are there; looked for at ${seeing.join(', ')}`)]),
    ...blind.map(({ id }) =>
      warn(
        about,
        `lane ${id} has no camera: a person decides where a ticket asks for a face`,
        `name one for it in gate.toml: faceCamera = "camera:///dev/video0"`,
      ),
    ),
    ...(isSealed || seeing.length === 0
      ? []
      : [
          warn(
            about,
            'the databases are not encrypted: faces stay in memory and have to be fetched again after every start',
            'encrypt them: "On the disk" in the README',
          ),
        ]),
  ];
}
