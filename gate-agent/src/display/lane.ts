// The lane that this screen shows, what staff may still ask of it, and when it makes a sound.
import { computed, effect, signal } from '@preact/signals';
import { staffLanguageOf, type Language } from '@postern/shared';
import { calls, connections, hello, views } from './connection.ts';
import type { ShownView } from './messages.ts';
import { play, prepare, soundOf } from './sounds.ts';

/** `/display?lane=two` shows one lane; without it the gate's first. */
const wantedLane = new URLSearchParams(location.search).get('lane') ?? undefined;

/** Before the gate has said which. */
const unknownLanguages: readonly Language[] = ['en', 'de'];

export const lane = computed(() => {
  const lanes = hello.value?.lanes ?? [];
  return wantedLane === undefined ? lanes[0] : lanes.find(({ id }) => id === wantedLane);
});
export const view = computed(() => views.value.get(lane.value?.id ?? ''));
export const languages = computed(() => hello.value?.languages ?? unknownLanguages);
export const staffLanguage = computed(() => staffLanguageOf(languages.value));
export const isCalled = computed(() => calls.value.some((call) => call.lane === lane.value?.id));

/** The last answer that had something for staff: they look when the visitor has already stepped aside. */
export const lastAnswer = signal<ShownView | undefined>(undefined);

/** Runs for the life of the page. */
export function followLane(): void {
  let heard: { readonly connection: number; readonly turn: number } | undefined;
  effect(() => {
    const now = view.value;
    if (now === undefined) return;
    if (now.staff.length > 0) lastAnswer.value = now;
    const connection = connections.value;
    const isNews = heard !== undefined && heard.connection === connection && heard.turn !== now.turn;
    heard = { connection, turn: now.turn };
    const sound = soundOf(now.tone);
    if (isNews && sound !== undefined) play(sound, hello.peek()?.display.volume ?? 0);
  });
  effect(() => {
    if (hello.value !== undefined) prepare(hello.value.display.volume);
  });
}
