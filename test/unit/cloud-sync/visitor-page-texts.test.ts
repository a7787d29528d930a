// Goal: what visitors read on their phones is said in each of the five languages, with every fact that its English has.
import { languages, type Texts } from '@postern/shared';
import { expect, it } from 'vitest';
import * as face from '../../../cloud-sync/src/face/messages.ts';
import { labels } from '../../../cloud-sync/src/my-ticket/labels.ts';
import { problemSaying } from '../../../cloud-sync/src/my-ticket/problems.ts';
import { sayings, states } from '../../../cloud-sync/src/my-ticket/sayings.ts';

const problemTypes = [
  'unreachable',
  'link-invalid',
  'wallet-wrong',
  'chain-unavailable',
  'token-unknown',
  'no-such-type',
];
const ticketTexts: readonly Texts[] = [
  ...Object.values(labels),
  ...[...Object.values(sayings), ...Object.values(states), ...problemTypes.map(problemSaying)].flatMap((saying) =>
    'hint' in saying && saying.hint !== undefined ? [saying.title, saying.hint] : [saying.title],
  ),
];
const faceTexts: readonly Texts[] = [
  ...Object.values(face.labels),
  ...Object.values(face.hints),
  face.ageText(16),
  face.agreedText('{version}', '{at}'),
  face.erasesText('{at}'),
  ...['camera-missing', 'unreachable', 'no-such-type'].map(face.troubleText),
];

const factsOf = (text: string): readonly string[] => (text.match(/\{\w+\}|\d+/g) ?? []).toSorted();

it.each([
  ['of tickets', ticketTexts],
  ['for faces', faceTexts],
])('the page %s has each text in five languages, with the same facts', (_page, texts) => {
  for (const text of texts) {
    expect(Object.keys(text).toSorted()).toEqual(languages.toSorted());
    for (const language of languages) {
      expect(text[language].trim()).not.toBe('');
      expect(factsOf(text[language])).toEqual(factsOf(text.en));
    }
    expect(text.ar).toMatch(/\p{Script=Arabic}/u);
    expect(text.en + text.de + text.fr + text.es).not.toMatch(/\p{Script=Arabic}/u);
  }
});
