import { expect, test } from 'vitest';
import { createLogger, redact } from '../../../gate-agent/src/logger.ts';

const passText = 'PN1:6BFOXN%TS3DH0YOJ58S S-W5HDC *M0II5';

test('secrets never reach the log, by field name or inside a text', () => {
  const lines: string[] = [];
  const logger = createLogger('debug', (line) => lines.push(line));
  logger.info(
    {
      pin: '1234',
      nested: { code: 'ABCD-EFGH', list: [{ secretKey: new Uint8Array(64) }] },
      cause: `cannot read ${passText}`,
    },
    `refused ${passText}`,
  );
  const text = lines.join('');
  for (const secret of ['1234', 'ABCD', '6BFOXN']) expect(text).not.toContain(secret);
  expect(text).toContain('[redacted]');
});

test('an error keeps its message and loses the pass in it', () => {
  const shown = JSON.stringify(redact(new Error(`bad ${passText}`)));
  expect(shown).toContain('bad PN?:[redacted]');
  expect(shown).not.toContain('6BFOXN');
});

test('a hostile text is cut to a bounded length', () => {
  expect(String(redact('x'.repeat(100_000))).length).toBe(1_000);
});
