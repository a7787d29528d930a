// The doctor's look at the wiring list as a whole: a GPIO line belongs to one turnstile, lamp or contact, and a reader to one lane. Lanes
// that name the same turnstile share its lines; anything else that is named twice would be "busy" for whoever comes second.
import { parseGpioTurnstile } from '../actuators/gpio-uri.ts';
import type { GateConfig } from '../config.ts';
import { parseFireInput } from '../fire-input.ts';
import { parseSignal } from '../signals/open.ts';
import { fail, type Finding } from './doctor-finding.ts';

/** What uses a line: its address, and where that stands. */
interface Use {
  readonly address: string;
  readonly where: string;
}

/** Addresses that are wrong are told elsewhere. */
export function checkWiring({ lanes, fire }: Pick<GateConfig, 'lanes' | 'fire'>): readonly Finding[] {
  const usesByLine = new Map<string, Use[]>();
  const use = (chip: string, lines: readonly (number | undefined)[], by: Use): void => {
    for (const line of new Set(lines)) {
      if (line === undefined) continue;
      const name = `${chip} line ${line}`;
      const uses = usesByLine.get(name) ?? [];
      usesByLine.set(name, uses);
      if (uses.every(({ address }) => address !== by.address)) uses.push(by);
    }
  };
  for (const { id, actuator, signal } of lanes) {
    const turnstile = parseGpioTurnstile(actuator);
    if (turnstile.ok) {
      const { chip, entry, exit, entrySensor, exitSensor } = turnstile.value;
      use(chip, [entry, exit, entrySensor, exitSensor], { address: actuator, where: `the turnstile of lane ${id}` });
    }
    const lamps = signal === undefined ? undefined : parseSignal(signal);
    if (lamps?.ok === true) {
      const { chip, green, red, buzzer, call } = lamps.value;
      // Each lane drives lamps of its own, also where two name the same.
      use(chip, [green, red, buzzer, call], { address: `${id} ${signal}`, where: `the signal of lane ${id}` });
    }
  }
  const contact = fire.input === undefined ? undefined : parseFireInput(fire.input);
  if (contact?.ok === true && contact.value.type === 'line')
    use(contact.value.chip, [contact.value.line], { address: fire.input ?? '', where: 'the fire input' });
  return [...usesByLine]
    .filter(([, uses]) => uses.length > 1)
    .map(([line, uses]) =>
      fail(
        'wiring',
        `${line} is used by ${uses.map(({ where }) => where).join(' and by ')}`,
        'give each its own line in gate.toml; lanes that share a turnstile name the same address, letter by letter',
      ),
    );
}

/** Whose device can be had once only, or would tell two lanes of each code. */
const deviceReaders = /^(pcsc|hid|serial|evdev):\/\/|^camera:\/\/(\/dev\/|rpicam)/;

export function checkSharedReaders({ lanes }: Pick<GateConfig, 'lanes'>): readonly Finding[] {
  const lanesByDevice = new Map<string, string[]>();
  for (const { id, readers } of lanes)
    for (const uri of readers.filter((reader) => deviceReaders.test(reader)))
      lanesByDevice.set(deviceOf(uri), [...(lanesByDevice.get(deviceOf(uri)) ?? []), id]);
  return [...lanesByDevice]
    .filter(([, ids]) => ids.length > 1)
    .map(([device, ids]) =>
      fail(
        'readers',
        `${device} is named by ${ids.join(' and ')}`,
        device.startsWith('pcsc:')
          ? 'name each lane’s reader: pcsc://PART OF ITS NAME'
          : 'give each lane a reader of its own in gate.toml; several of a kind are told apart by their paths: ls /dev/postern /dev/serial/by-id',
      ),
    );
}

/** Settings such as size or speed make no other device; a HID device's serial number does. */
const deviceOf = (uri: string): string => (uri.startsWith('hid:') ? uri : (uri.split('?')[0] ?? uri));
