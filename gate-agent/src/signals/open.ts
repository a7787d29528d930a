// Lamps and a buzzer at a lane: `gpio://gpiochip0?green=5&red=6&buzzer=13&active=low`. They follow the lane's state beside its
// screens: the newest state is shown, what came between is left out, and whatever becomes of the lamps the lane goes on.
import type { LaneState, Result } from '@postern/shared';
import { deviceUriError, type DeviceUriError } from '../device-uri.ts';
import { lineMax, lineUsedTwice, readGpioUri } from '../gpio/chip-uri.ts';
import { createDrivenLines, type GpioDeps } from '../gpio/driven-lines.ts';
import type { LinesOfChip, LineValue } from '../gpio/programs.ts';
import { signalPattern, type SignalPattern } from './pattern.ts';

export interface SignalUri extends LinesOfChip {
  readonly green: number | undefined;
  readonly red: number | undefined;
  readonly buzzer: number | undefined;
}

export interface LaneSignal {
  /** Returns at once and never throws. */
  readonly show: (state: LaneState) => void;
  readonly close: () => Promise<void>;
}

export function parseSignal(uri: string): Result<SignalUri, DeviceUriError> {
  const parsed = readGpioUri(uri, ({ whole, word }) => ({
    green: whole('green', 0, lineMax, undefined),
    red: whole('red', 0, lineMax, undefined),
    buzzer: whole('buzzer', 0, lineMax, undefined),
    activeLow: word('active', ['high', 'low']) === 'low',
  }));
  if (!parsed.ok) return parsed;
  const { green, red, buzzer } = parsed.value;
  if ((green ?? red ?? buzzer) === undefined) return deviceUriError('green, red or buzzer is missing');
  const twice = lineUsedTwice(green, red, buzzer);
  return twice === undefined ? parsed : deviceUriError(twice);
}

export function createLaneSignal(uri: SignalUri, deps: GpioDeps): LaneSignal {
  const { timer, logger } = deps;
  const lamps = createDrivenLines(uri, deps);
  const buzzer = createDrivenLines(uri, deps);
  let wanted: SignalPattern | undefined;
  let shown: SignalPattern | undefined;
  let busy = false;
  let beeping = false;
  let troubled = false;

  const complain = (cause: unknown): void => {
    if (!troubled) logger.warn({ chip: uri.chip, cause: String(cause) }, 'The signal lamps do not work');
    troubled = true;
  };
  const lampsAt = ({ green, red }: SignalPattern): readonly LineValue[] => [
    ...(uri.green === undefined ? [] : [{ line: uri.green, on: green }]),
    ...(uri.red === undefined ? [] : [{ line: uri.red, on: red }]),
  ];

  const follow = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    while (wanted !== undefined && wanted !== shown) {
      const next = wanted;
      try {
        const values = lampsAt(next);
        if (values.length > 0) await lamps.drive(values);
        troubled = false;
      } catch (cause) {
        complain(cause);
      }
      shown = next;
    }
    busy = false;
  };

  const beep = async (line: number, ms: number): Promise<void> => {
    if (beeping) return;
    beeping = true;
    try {
      await buzzer.drive([{ line, on: true }], ms);
      await new Promise<void>((resolve) => void timer.after(ms, resolve));
      await buzzer.drive([{ line, on: false }]);
    } catch (cause) {
      complain(cause);
    }
    beeping = false;
  };

  return {
    show: (state) => {
      const pattern = signalPattern(state);
      const begins = pattern !== wanted;
      wanted = pattern;
      void follow();
      if (begins && pattern.beepMs > 0 && uri.buzzer !== undefined) void beep(uri.buzzer, pattern.beepMs);
    },
    close: async () => void (await Promise.all([lamps.close(), buzzer.close()])),
  };
}
