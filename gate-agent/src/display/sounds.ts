// The tones of the lane, made here and not loaded: told apart by how many there are and whether they rise or fall, so that nobody needs to see
// the screen or know music. A kiosk's browser must be allowed to sound by itself; until it is, the first touch of the screen allows it.
import { signal } from '@preact/signals';
import type { ShownView } from './messages.ts';

export type Sound = 'welcome' | 'wait' | 'refused' | 'closed';

interface Note {
  readonly hz: number;
  readonly startS: number;
  readonly lengthS: number;
}
interface Melody {
  readonly wave: OscillatorType;
  /** Waves rich in overtones are louder to the ear. */
  readonly gain: number;
  readonly notes: readonly Note[];
}

const melodies: Readonly<Record<Sound, Melody>> = {
  // Two rising.
  welcome: {
    wave: 'sine',
    gain: 1,
    notes: [
      { hz: 660, startS: 0, lengthS: 0.13 },
      { hz: 990, startS: 0.12, lengthS: 0.26 },
    ],
  },
  // The same one twice.
  wait: {
    wave: 'triangle',
    gain: 0.9,
    notes: [
      { hz: 523, startS: 0, lengthS: 0.16 },
      { hz: 523, startS: 0.26, lengthS: 0.16 },
    ],
  },
  // Three falling, low.
  refused: {
    wave: 'square',
    gain: 0.35,
    notes: [
      { hz: 330, startS: 0, lengthS: 0.14 },
      { hz: 247, startS: 0.17, lengthS: 0.14 },
      { hz: 165, startS: 0.34, lengthS: 0.34 },
    ],
  },
  // One long, low.
  closed: { wave: 'triangle', gain: 1, notes: [{ hz: 147, startS: 0, lengthS: 0.9 }] },
};

/** A screen that is ready, busy or stands free says nothing: the fire alarm has the word then. */
export const soundOf = (tone: ShownView['tone']): Sound | undefined =>
  tone === 'welcome' || tone === 'wait' || tone === 'refused' || tone === 'closed' ? tone : undefined;

/** The browser lets no page sound that nobody has touched. */
export const silenced = signal(false);

/** What has been played, for whoever listens at the window. */
export interface PlayedSound {
  readonly sound: Sound;
  readonly volume: number;
}
export const soundEvent = 'postern-sound';

let context: AudioContext | undefined;

/** `volume` per cent; 0 plays nothing. Returns at once and never throws: a screen without loudspeakers is a screen. */
export function play(sound: Sound, volume: number): void {
  if (volume <= 0) return;
  dispatchEvent(new CustomEvent<PlayedSound>(soundEvent, { detail: { sound, volume } }));
  void sounding(melodies[sound], volume);
}

/** Somebody has touched the screen: from now on it may sound. */
export const allow = (): void => void awake();

/** Told before the first tone, where the browser would let none out. */
export const prepare = (volume: number): void => void (volume > 0 && awake());

async function awake(): Promise<AudioContext | undefined> {
  try {
    context ??= new AudioContext({ latencyHint: 'interactive' });
    // Not allowed to, it stays pending for as long as nobody touches the screen.
    if (context.state !== 'running') {
      silenced.value = true;
      await context.resume();
    }
    silenced.value = context.state !== 'running';
    return context;
  } catch {
    return undefined;
  }
}

async function sounding({ wave, gain, notes }: Melody, volume: number): Promise<void> {
  if (context !== undefined && context.state !== 'running') return allow();
  const output = await awake();
  if (output === undefined) return;
  // What the ear takes for half as loud is far less than half.
  const loudness = gain * (volume / 100) ** 2;
  for (const { hz, startS, lengthS } of notes) {
    const [from, until] = [output.currentTime + startS, output.currentTime + startS + lengthS];
    const level = output.createGain();
    level.gain.setValueAtTime(0, from);
    level.gain.linearRampToValueAtTime(loudness, from + 0.012);
    level.gain.setValueAtTime(loudness, until - 0.05);
    level.gain.exponentialRampToValueAtTime(0.0001, until);
    const tone = new OscillatorNode(output, { type: wave, frequency: hz });
    tone.connect(level).connect(output.destination);
    tone.start(from);
    tone.stop(until);
  }
}
