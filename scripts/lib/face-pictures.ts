// Pictures of faces for tests and figures, out of npm packages alone: none is in this repository. ffmpeg cuts and scales them to grey.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { GreyPicture } from '../../shared/src/face-quality.ts';

/** The samples that face-api brings: six pictures of three to five persons each. */
const samples = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
export const samplePath = (number: 1 | 2 | 3 | 4 | 5 | 6): string => join(samples, `sample${number}.jpg`);

/** A picture or the first frame of a video, after `filters` of ffmpeg. */
export function readPicture(path: string, filters: string): GreyPicture {
  const args = ['-v', 'error', '-i', path, '-vf', filters, '-frames:v', '1', '-f', 'image2', '-c:v', 'pgm', '-'];
  const pgm = execFileSync('ffmpeg', args, { maxBuffer: 64 * 1024 * 1024 });
  const head = /^P5\s(\d+) (\d+)\s255\s/.exec(pgm.subarray(0, 32).toString('latin1'));
  if (head === null) throw new Error(`${path}: no picture`);
  return { width: Number(head[1]), height: Number(head[2]), grey: new Uint8Array(pgm.subarray(head[0].length)) };
}

/**
 * Persons of the samples, a square around each that shows nobody else. Whoever is in two of the pictures is named once; nobody can be sure,
 * since nothing says who they are.
 */
export const persons = {
  ana: { sample: 6, part: 'crop=420:420:540:230' },
  bea: { sample: 6, part: 'crop=420:420:100:400' },
  cleo: { sample: 6, part: 'crop=456:456:1365:223' },
  dora: { sample: 6, part: 'crop=466:466:1036:250' },
  eva: { sample: 5, part: 'crop=354:354:692:69' },
  fay: { sample: 5, part: 'crop=362:362:500:394' },
  gina: { sample: 5, part: 'crop=366:366:1009:166' },
  hana: { sample: 5, part: 'crop=402:402:1303:367' },
  ida: { sample: 4, part: 'crop=390:390:862:138' },
  jana: { sample: 4, part: 'crop=400:400:1175:75' },
  kim: { sample: 3, part: 'crop=426:426:1368:264' },
  lena: { sample: 3, part: 'crop=435:435:461:278' },
  mia: { sample: 3, part: 'crop=493:493:931:149' },
  nora: { sample: 2, part: 'crop=366:366:1371:107' },
  olga: { sample: 1, part: 'crop=402:402:737:348' },
} as const;
export type PersonName = keyof typeof persons;

/** One of them as a camera of 480 x 480 would have her, `filters` on top. */
export const personPicture = (name: PersonName, filters = 'null'): GreyPicture =>
  readPicture(samplePath(persons[name].sample), `${persons[name].part},scale=480:480,${filters}`);
