import { describe, expect, test } from 'vitest';
import { nearest } from '../../../gate-agent/src/config-lines.ts';
import { discoversGates, eventsOf, parseConfig } from '../../../gate-agent/src/config.ts';

const good = `# a gate
[gate]
id = "gate-a"
event = 1
zone = "main"

[cloud]
url = "http://127.0.0.1:8080"

[[lanes]]
id = "one"
readers = ["sim://one"]

[[lanes]]
id = "two"
direction = "exit"
readers = ["camera:///dev/video0", "stdin://"]
actuator = "sim://two"
`;

const complaintsOf = (text: string, environment: Record<string, string> = {}): readonly string[] => {
  const result = parseConfig(text, 'gate.toml', environment);
  return result.ok ? [] : result.error.complaints;
};

describe('a good configuration', () => {
  test.each([
    ['', false],
    ['[lan]\nlisten = "0.0.0.0:7443"', true],
    ['[lan]\nlisten = "192.168.1.20:7443"', true],
    ['[lan]\nlisten = "127.0.0.1:7443"', false],
    ['[lan]\nlisten = "localhost:7443"', false],
    ['[lan]\nlisten = "[::1]:7443"', false],
    ['[lan]\nlisten = "0.0.0.0:7443"\ndiscover = false', false],
    ['[lan]\nlisten = "127.0.0.1:7443"\ndiscover = true', true],
    ['[lan]\ndiscover = true', true],
  ])('looks for other gates where they can reach this one, or as it says: %j', (lan, discovers) => {
    const result = parseConfig(`${good}\n${lan}\n`, 'gate.toml');
    expect(result.ok && discoversGates(result.value)).toBe(discovers);
  });

  test('is complete with its defaults', () => {
    const result = parseConfig(good, 'gate.toml');
    expect(result).toMatchObject({
      ok: true,
      value: {
        local: { listen: '127.0.0.1', port: 8137 },
        lan: { peers: [] },
        lanes: [
          { id: 'one', direction: 'entry', actuator: 'none://', onFailure: 'locked' },
          { id: 'two', direction: 'exit' },
        ],
      },
    });
  });

  test('takes the environment over the file', () => {
    const result = parseConfig(good, 'gate.toml', {
      POSTERN_CLOUD_URL: 'https://cloud.example',
      POSTERN_LOCAL_PORT: '0',
      POSTERN_DATA: '',
    });
    expect(result).toMatchObject({
      ok: true,
      value: { cloud: { url: 'https://cloud.example' }, local: { port: 0 }, gate: { data: '.' } },
    });
  });
});

describe('a typo names its line, the likely key and the valid keys', () => {
  test('in a lane, counting the right one of several', () => {
    expect(complaintsOf(good.replace('direction = "exit"', 'directoin = "exit"'))).toEqual([
      'gate.toml:16: "directoin" is not known in [[lanes]]; did you mean "direction"? Valid keys: id, direction, readers, actuator, signal, faceCamera, readerSide, onFailure, passageTimeoutMs, companions, interlock, holdTimeoutMs',
    ]);
  });

  test('in a section', () => {
    expect(complaintsOf(good.replace('zone =', 'zoen ='))).toEqual([
      'gate.toml:2: gate.zone is missing',
      'gate.toml:5: "zoen" is not known in [gate]; did you mean "zone"? Valid keys: id, name, event, zone, data',
    ]);
  });

  test('in the name of a table', () => {
    expect(complaintsOf(good.replace('[cloud]', '[clout]'))).toEqual([
      'gate.toml:7: "clout" is not known at the top level; did you mean "cloud"? Valid keys: gate, cloud, lan, events, local, display, clock, fire, nfc, disk, desk, log, lanes',
    ]);
  });

  test('and a key with nothing like it gets no guess', () => {
    expect(nearest('colour', ['id', 'direction'])).toBeUndefined();
  });
});

describe('a wrong value names its line, what is there and what would be right', () => {
  test('when it is not one of a list', () => {
    expect(complaintsOf(good.replace('direction = "exit"', 'direction = "out"'))).toEqual([
      'gate.toml:16: lanes.1.direction is "out"; Invalid option: expected one of "entry"|"exit"',
    ]);
  });

  test('when a reader is no address', () => {
    expect(complaintsOf(good.replace('"sim://one"', '"/dev/video0"'))[0]).toMatch(
      /^gate\.toml:12: lanes\.0\.readers\.0 is "\/dev\/video0"; must be an address/,
    );
  });

  test('when the environment is to blame', () => {
    expect(complaintsOf(good, { POSTERN_LOCAL_PORT: 'eighty' })[0]).toContain('POSTERN_LOCAL_PORT');
  });

  test('when the TOML itself is broken', () => {
    expect(complaintsOf(good.replace('zone = "main"', 'zone = "main'))[0]).toMatch(/^gate\.toml:5: /);
  });

  test('when two lanes share an id', () => {
    expect(complaintsOf(good.replace('"two"\nd', '"one"\nd'))).toEqual([
      'gate.toml:15: lane id "one" is used twice; give each lane its own',
    ]);
  });

  test('when there is nothing at all', () => {
    expect(complaintsOf('').length).toBeGreaterThan(0);
  });
});

describe('further events', () => {
  const two = `${good}\n[[events]]\nid = 9\nzone = "meadow"\n`;
  const eventsIn = (text: string) => {
    const parsed = parseConfig(text, 'gate.toml');
    return parsed.ok ? eventsOf(parsed.value) : parsed.error.complaints;
  };

  test('come after the gate’s own one, and take any free port beside its address', () => {
    const listening = two.replace('[[lanes]]', '[lan]\nlisten = "0.0.0.0:7443"\n[[lanes]]');
    expect(eventsIn(listening)).toMatchObject([
      { lan: { listen: '0.0.0.0:7443', discover: true } },
      { id: 9, zone: 'meadow', lan: { listen: '0.0.0.0:0', peers: [], discover: true } },
    ]);
    expect(eventsIn(two)).toMatchObject([{}, { lan: { listen: undefined, discover: false } }]);
  });

  test('twice the same, too many of them, and two at one address are named with their line', () => {
    expect(complaintsOf(two.replace('id = 9', 'id = 1'))).toEqual([
      expect.stringMatching(/^gate.toml:\d+: event 1 is named twice/),
    ]);
    expect(complaintsOf(good + '\n[[events]]\nid = 9\nzone = "a"\n'.repeat(8)).length).toBeGreaterThan(0);
    const address = 'lan = { listen = "0.0.0.0:7443" }';
    expect(complaintsOf(`${two}${address}\n[[events]]\nid = 10\nzone = "x"\n${address}\n`)).toEqual([
      expect.stringMatching(/^gate.toml:\d+: 0.0.0.0:7443 is another event's address already/),
    ]);
    expect(complaintsOf(`${two}lan = { lisen = "0.0.0.0:7443" }\n`)).toEqual([
      expect.stringContaining('did you mean "listen"'),
    ]);
  });
});
