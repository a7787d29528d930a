// A scan engine that types: characters much faster than fingers, then Enter, wherever the focus is, except in a field of a form, where what is
// typed belongs.

export const wedgeGapMsMax = 80;
export const wedgeCharsMin = 4;
const wedgeCharsMax = 2_048;

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

/** Returns how to stop. */
export function listenToWedge(onCode: (text: string) => void, target: EventTarget = document): () => void {
  let typed = '';
  let lastMs = 0;
  const hear = (event: Event): void => {
    if (!(event instanceof KeyboardEvent) || isField(event.target)) return;
    const { key, timeStamp } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const isFast = timeStamp - lastMs <= wedgeGapMsMax;
    if (!isFast) typed = '';
    if (key === 'Enter' || key === 'Tab') {
      const code = typed;
      typed = '';
      if (!isFast || code.length < wedgeCharsMin) return;
      // Else it would press the button that has the focus.
      event.preventDefault();
      event.stopPropagation();
      onCode(code);
      return;
    }
    if ([...key].length !== 1) return;
    // A blank presses buttons, too; alone it is a person's.
    if (key === ' ' && typed !== '') event.preventDefault();
    typed = (typed + key).slice(0, wedgeCharsMax);
    lastMs = timeStamp;
  };
  target.addEventListener('keydown', hear, { capture: true });
  return () => target.removeEventListener('keydown', hear, { capture: true });
}
