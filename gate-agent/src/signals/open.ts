// Lamps and a buzzer at a lane: `gpio://gpiochip0?green=5&red=6&buzzer=13&call=19&active=low`. They follow the lane's state beside its
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
  /** A light for staff: on while somebody at the lane's screen asks for them. */
  readonly call: number | undefined;
}

export interface LaneSignal {
  /** Returns at once and never throws. */
  readonly show: (state: LaneState) => void;
  /** Whether somebody asks for staff; the buzzer says so once. */
  readonly call: (isCalling: boolean) => void;
  readonly close: () => Promise<void>;
}

export function parseSignal(uri: string): Result<SignalUri, DeviceUriError> {
  const parsed = readGpioUri(uri, ({ whole, word }) => ({
    green: whole('green', 0, lineMax, undefined),
    red: whole('red', 0, lineMax, undefined),
    buzzer: whole('buzzer', 0, lineMax, undefined),
    call: whole('call', 0, lineMax, undefined),
    activeLow: word('active', ['high', 'low']) === 'low',
  }));
  if (!parsed.ok) return parsed;
  const { green, red, buzzer, call } = parsed.value;
  if ((green ?? red ?? buzzer ?? call) === undefined) return deviceUriError('green, red, buzzer or call is missing');
  const twice = lineUsedTwice(green, red, buzzer, call);
  return twice === undefined ? parsed : deviceUriError(twice);
}

/** How long the buzzer says that somebody asks for staff. */
const callBeepMs = 600;

/** All that lamps show. */
interface Wanted {
  readonly pattern: SignalPattern;
  readonly isCalling: boolean;
}

export function createLaneSignal(uri: SignalUri, deps: GpioDeps): LaneSignal {
  const { timer, logger } = deps;
  const lamps = createDrivenLines(uri, deps);
  const buzzer = createDrivenLines(uri, deps);
  let wanted: Wanted = { pattern: signalPattern({ name: 'idle' }), isCalling: false };
  let shown: Wanted | undefined;
  let busy = false;
  let beeping = false;
  let troubled = false;

  const complain = (cause: unknown): void => {
    if (!troubled) logger.warn({ chip: uri.chip, cause: String(cause) }, 'The signal lamps do not work');
    troubled = true;
  };
  const lampsAt = ({ pattern: { green, red }, isCalling }: Wanted): readonly LineValue[] => [
    ...(uri.green === undefined ? [] : [{ line: uri.green, on: green }]),
    ...(uri.red === undefined ? [] : [{ line: uri.red, on: red }]),
    ...(uri.call === undefined ? [] : [{ line: uri.call, on: isCalling }]),
  ];

  const follow = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    while (wanted !== shown) {
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
      if (pattern === wanted.pattern && shown !== undefined) return;
      const begins = pattern !== wanted.pattern;
      wanted = { ...wanted, pattern };
      void follow();
      if (begins && pattern.beepMs > 0 && uri.buzzer !== undefined) void beep(uri.buzzer, pattern.beepMs);
    },
    call: (isCalling) => {
      if (isCalling === wanted.isCalling) return;
      wanted = { ...wanted, isCalling };
      void follow();
      if (isCalling && uri.buzzer !== undefined) void beep(uri.buzzer, callBeepMs);
    },
    close: async () => void (await Promise.all([lamps.close(), buzzer.close()])),
  };
}
