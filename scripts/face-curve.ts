// `npm run face-curve`: how often faces of different persons pass for one, and the same person is not recognised, for each threshold: the
// real models and limits of a gate on pictures out of npm packages. Prints the set, the trials and the table that the gate's README shows.
import {
  enrolmentLimits,
  faceDistance,
  faceTemplate,
  gateLimits,
  ready,
  type FaceLimits,
  type GreyPicture,
} from '@postern/shared';
import { createFaceThread, hasFaceModels } from '../gate-agent/src/face/face-thread.ts';
import { films, readFilm } from './lib/face-films.ts';
import { personPicture, persons, type PersonName } from './lib/face-pictures.ts';
import { wilson } from './lib/statistics.ts';

const thresholds = [0.3, 0.35, 0.4, 0.42, 0.45, 0.48, 0.5, 0.55, 0.6];
/** Good frames that an enrolment takes, and that a look at a gate has at most in this count. */
const [enrolledFrames, lookFrames] = [3, 5];
/** Seconds between an enrolment and the first frame that is compared with it, so that no frame is its neighbour. */
const apartS = 5;

interface Capture {
  readonly person: string;
  /** Film or picture. */
  readonly source: string;
  /** In the order of the film. */
  readonly probes: readonly { readonly atS: number; readonly template: Uint8Array }[];
  readonly enrolment: { readonly untilS: number; readonly template: Uint8Array } | undefined;
}

const thread = createFaceThread();
const describe = async (picture: GreyPicture, limits: FaceLimits): Promise<readonly number[] | undefined> => {
  const looked = await thread.look(picture, limits);
  if (!looked.ok) throw new Error(looked.error.type);
  return looked.value.type === 'face' ? looked.value.descriptor : undefined;
};

async function captureFilm(name: keyof typeof films): Promise<Capture> {
  const probes: { atS: number; template: Uint8Array }[] = [];
  const good: (readonly number[])[] = [];
  let untilS = 0;
  for (const [atS, picture] of readFilm(name, 1).entries()) {
    if (good.length < enrolledFrames) {
      const enrolled = await describe(picture, enrolmentLimits);
      if (enrolled !== undefined) good.push(enrolled);
      untilS = atS;
    }
    const seen = await describe(picture, gateLimits);
    const template = seen === undefined ? undefined : faceTemplate([seen]);
    if (template !== undefined) probes.push({ atS, template });
  }
  const template = faceTemplate(good);
  const { person, file } = films[name];
  return { person, source: file, probes, enrolment: template === undefined ? undefined : { untilS, template } };
}

/** A picture is compared as a probe, and stands for an enrolment of one frame. */
async function capturePicture(name: PersonName): Promise<Capture | undefined> {
  // Tilted heads of a party would not pass for a person before a gate: who does not pass its limits is not in the set.
  const seen = await describe(personPicture(name), { ...gateLimits, turnMax: 0.3 });
  const template = seen === undefined ? undefined : faceTemplate([seen]);
  if (template === undefined) return undefined;
  const source = `sample${persons[name].sample}.jpg`;
  return { person: name, source, probes: [{ atS: 0, template }], enrolment: { untilS: 0, template } };
}

/** Distances of single frames, and of the best of five in a row, as a look at a gate has them. */
interface Trials {
  readonly single: number[];
  readonly best: number[];
}

function compare(from: Capture, to: Capture, trials: Trials): void {
  if (from.enrolment === undefined) return;
  const { template, untilS } = from.enrolment;
  const apart = from.source === to.source ? to.probes.filter(({ atS }) => atS >= untilS + apartS) : to.probes;
  const distances = apart.map((probe) => faceDistance(template, probe.template));
  trials.single.push(...distances);
  for (let start = 0; start + lookFrames <= distances.length; start += lookFrames)
    trials.best.push(Math.min(...distances.slice(start, start + lookFrames)));
  if (distances.length > 0 && distances.length < lookFrames) trials.best.push(Math.min(...distances));
}

const percent = (count: number, of: number): string => {
  if (of === 0) return '–';
  const [low, high] = wilson(count, of);
  return `${((100 * count) / of).toFixed(1)} % (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`;
};

if (!hasFaceModels()) throw new Error('the models have not been put together: npm run build');
await ready;
const captures: Capture[] = [];
for (const name of Object.keys(films) as (keyof typeof films)[]) captures.push(await captureFilm(name));
const left: string[] = [];
for (const name of Object.keys(persons) as PersonName[]) {
  const captured = await capturePicture(name);
  if (captured === undefined) left.push(name);
  else captures.push(captured);
}
await thread.close();

const genuine: Trials = { single: [], best: [] };
const impostor: Trials = { single: [], best: [] };
const pairs = new Map<string, number>();
for (const from of captures)
  for (const to of captures) {
    const isSame = from.person === to.person;
    // A picture has nothing to be compared with but itself.
    if (isSame && from.source === to.source && to.probes.length === 1) continue;
    const before = impostor.single.length;
    compare(from, to, isSame ? genuine : impostor);
    if (isSame) continue;
    const name = [from.person, to.person].toSorted().join(' and ');
    pairs.set(name, Math.min(pairs.get(name) ?? Infinity, ...impostor.single.slice(before)));
  }

const personsSeen = new Set(captures.map(({ person }) => person));
console.log(`persons: ${personsSeen.size}, of them ${captures.length - Object.keys(films).length} on one picture each`);
for (const { person, source, probes } of captures.slice(0, Object.keys(films).length))
  console.log(`  ${person}: ${source}, ${probes.length} good frames at one a second`);
console.log(`  not in the set, since a gate would not have compared them: ${left.join(', ') || 'none'}`);
console.log(`same person: ${genuine.single.length} frames, ${genuine.best.length} looks of ${lookFrames}`);
console.log(
  `different persons: ${impostor.single.length} frames, ${impostor.best.length} looks, ${pairs.size} pairs of persons`,
);
const nearest = [...pairs].toSorted(([, a], [, b]) => a - b).slice(0, 5);
console.log(`nearest: ${nearest.map(([name, distance]) => `${name} ${distance.toFixed(2)}`).join(', ')}\n`);
console.log(
  '| distance | not recognised, frame | not recognised, best of five | passes for another, frame | passes, best of five | pairs of persons that pass |',
);
console.log('|---|---|---|---|---|---|');
for (const threshold of thresholds) {
  const over = (distances: readonly number[]): number => distances.filter((distance) => distance > threshold).length;
  const under = (distances: readonly number[]): number => distances.length - over(distances);
  const cells = [
    threshold.toFixed(2),
    percent(over(genuine.single), genuine.single.length),
    percent(over(genuine.best), genuine.best.length),
    percent(under(impostor.single), impostor.single.length),
    percent(under(impostor.best), impostor.best.length),
    percent(under([...pairs.values()]), pairs.size),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
