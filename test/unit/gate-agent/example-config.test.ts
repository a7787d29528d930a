// Goal: the example that comes with a gate names every key there is and no other, is a good configuration as it stands and with all of
// its settings in use, and shows defaults as they are.
import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { configKeys, parseConfig, type GateConfig } from '../../../gate-agent/src/config.ts';

const example = readFileSync(new URL('../../../systemd/gate.example.toml', import.meta.url), 'utf8');
/** Words have a blank behind their sign, settings do not. */
const everything = example.replaceAll(/^#(?=\S)/gm, '');

function read(text: string): GateConfig {
  const config = parseConfig(text, 'gate.example.toml');
  if (!config.ok) throw new Error(config.error.complaints.join('\n'));
  return config.value;
}

function keysIn(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value) && typeof value[0] === 'object') return value.flatMap((entry) => keysIn(entry, path));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, below]) => keysIn(below, path === '' ? key : `${path}.${key}`));
}

describe('the example of a gate.toml', () => {
  test('is a good configuration as it stands', () => {
    expect(read(example)).toMatchObject({ gate: { id: 'gate-a' }, lanes: [{ id: 'lane-1' }] });
  });

  test('has every key there is, each once, and no other', () => {
    expect(keysIn(parse(everything)).toSorted()).toEqual([...configKeys()].toSorted());
  });

  test('is a good configuration with all of its settings in use', () => {
    expect(read(everything)).toMatchObject({ cloud: { url: 'https://tickets.example.org' }, events: [{ id: 2 }] });
  });

  test('shows the default where there is one', () => {
    const [asIs, all] = [read(example), read(everything)];
    for (const section of ['local', 'display', 'clock', 'log'] as const) expect(all[section]).toEqual(asIs[section]);
    expect(all.gate.data).toBe(asIs.gate.data);
    const { signal: _, interlock: __, faceCamera: ___, readerSide: ____, ...lane } = all.lanes[0] ?? {};
    expect(lane).toEqual(asIs.lanes[0]);
  });

  test('explains every setting: words stand above each group of them', () => {
    const lines = everything.split('\n');
    for (const [index, line] of lines.entries()) {
      if (!/^[a-zA-Z]+ = /.test(line)) continue;
      const words = lines.slice(0, index).findLastIndex((above) => above.startsWith('# '));
      expect(
        lines.slice(words + 1, index).every((above) => /^[a-zA-Z]+ = /.test(above)),
        line,
      ).toBe(true);
    }
  });
});
