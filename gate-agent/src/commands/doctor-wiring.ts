// The doctor's look at the wiring list as a whole: a GPIO line belongs to one turnstile, lamp or contact. Lanes that name the same
// turnstile share its lines; anything else that is named twice would be "busy" for whoever comes second.
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
      const { chip, green, red, buzzer } = lamps.value;
      // Each lane drives lamps of its own, also where two name the same.
      use(chip, [green, red, buzzer], { address: `${id} ${signal}`, where: `the signal of lane ${id}` });
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
