// What a steward hears and feels without looking: one sign for each outcome, different in rhythm and not only in pitch.
import type { DisplayTone } from '../../local-api/display-view.ts';
import { sound, vibration } from './page.ts';

interface Sign {
  /** Hertz and milliseconds, one after the other; 0 Hz is a pause. */
  readonly notes: readonly (readonly [hertz: number, ms: number])[];
  readonly vibrate: readonly number[];
}
const signs: Partial<Readonly<Record<DisplayTone, Sign>>> = {
  welcome: {
    notes: [
      [880, 90],
      [1_320, 140],
    ],
    vibrate: [60],
  },
  wait: {
    notes: [
      [660, 120],
      [0, 60],
      [660, 120],
    ],
    vibrate: [80, 60, 80],
  },
  refused: { notes: [[220, 380]], vibrate: [350, 80, 350] },
  closed: { notes: [[220, 380]], vibrate: [350] },
};
const loudness = 0.25;

let context: AudioContext | undefined;
/** Browsers give sound only to a page that somebody has touched. */
export function unlockSound(): void {
  try {
    context ??= new AudioContext();
    if (context.state === 'suspended') void context.resume();
  } catch {
    // No sound here: colour, shape and text say it all.
  }
}

export function giveSign(tone: DisplayTone): void {
  const sign = signs[tone];
  if (sign === undefined) return;
  if (vibration.value === 'on' && 'vibrate' in navigator) navigator.vibrate([...sign.vibrate]);
  if (sound.value !== 'on' || context?.state !== 'running') return;
  let at = context.currentTime;
  for (const [hertz, ms] of sign.notes) {
    if (hertz > 0) playNote(context, hertz, at, ms / 1_000);
    at += ms / 1_000;
  }
}

function playNote(audio: AudioContext, hertz: number, at: number, seconds: number): void {
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  oscillator.type = 'square';
  oscillator.frequency.value = hertz;
  gain.gain.setValueAtTime(loudness, at);
  gain.gain.setTargetAtTime(0, at + seconds * 0.8, 0.015);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + seconds + 0.05);
}
