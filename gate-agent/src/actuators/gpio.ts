// `gpio://`: a turnstile whose relays and passage sensor are at the board's own lines, by libgpiod's gpioset and gpiomon. Each relay
// line is always driven: at rest as well, since a line that nobody drives floats.
import type { Actuator } from '@postern/shared';
import { createDrivenLines, type GpioDeps } from '../gpio/driven-lines.ts';
import { createGpioSensor, type GpioSensor } from '../gpio/passage-sensor.ts';
import type { GpioTurnstileUri } from './gpio-uri.ts';
import { createRelayTurnstile, type Relay } from './relay-turnstile.ts';

export interface GpioTurnstileDeps extends GpioDeps {
  readonly passageTimeoutMs: number;
}

interface ClosableActuator {
  readonly actuator: Actuator;
  /** Lets go of all lines. */
  readonly close: () => Promise<void>;
}

export function createGpioTurnstile(
  id: string,
  uri: GpioTurnstileUri,
  { passageTimeoutMs, ...deps }: GpioTurnstileDeps,
): ClosableActuator {
  const closes: (() => Promise<void>)[] = [];
  const relayAt = (line: number | undefined): { readonly relay?: Relay } => {
    if (line === undefined) return {};
    const lines = createDrivenLines(uri, deps);
    closes.push(lines.close);
    return {
      relay: {
        on: (forMs) => lines.drive([{ line, on: true }], forMs),
        off: () => lines.drive([{ line, on: false }]),
      },
    };
  };
  const sensors = new Map<number, GpioSensor>();
  const sensorAt = (line: number | undefined): { readonly sensor?: GpioSensor } => {
    if (line === undefined) return {};
    const input = { chip: uri.chip, activeLow: uri.sensorActiveLow, pull: uri.pull };
    const sensor = sensors.get(line) ?? createGpioSensor({ ...input, line, debounceMs: uri.debounceMs }, deps);
    sensors.set(line, sensor);
    return { sensor };
  };
  const actuator = createRelayTurnstile(
    { id, passageTimeoutMs, opening: uri.opening, tailMs: uri.tailMs },
    {
      entry: { ...relayAt(uri.entry), ...sensorAt(uri.entrySensor) },
      exit: { ...relayAt(uri.exit), ...sensorAt(uri.exitSensor) },
    },
    deps,
  );
  return {
    actuator,
    close: async () => {
      await Promise.all([...closes, ...[...sensors.values()].map((sensor) => sensor.close)].map((close) => close()));
    },
  };
}
