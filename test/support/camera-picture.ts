// A person of face-api's samples as the fake camera of Chromium shows her: an MJPEG file, made while the test runs and gone afterwards.
import { execFileSync } from 'node:child_process';
import { persons, samplePath } from '../../scripts/lib/face-pictures.ts';

/** Writes some seconds of somebody who holds still before a camera of 960 x 720, as large as one holds a phone. */
export function writeCameraFile(path: string, name: keyof typeof persons): void {
  const { sample, part } = persons[name];
  // Some noise: two frames of a camera are never the same.
  const filters = `${part},scale=720:720,pad=960:720:120:0:gray,noise=alls=4:allf=t,format=yuvj420p`;
  const input = ['-loop', '1', '-i', samplePath(sample)];
  execFileSync('ffmpeg', [
    '-v',
    'error',
    ...input,
    '-vf',
    filters,
    '-r',
    '5',
    '-t',
    '4',
    '-c:v',
    'mjpeg',
    '-q:v',
    '2',
    path,
  ]);
}
