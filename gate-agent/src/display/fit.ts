// Texts are as large as their length allows (display.css); where a font or a screen is other than expected they are made smaller until
// nothing is cut off, before anything is painted.
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { MutableRef } from 'preact/hooks';

const step = 0.94;
const fitMin = 0.4;
/** So much smaller is the second language before the first one yields. */
const furtherMin = 0.66;

/** Of the element whose `--fit` its texts are multiplied with, and `--further` the second language's; again whenever `key` changes or the window does. */
export function useFit(key: string): MutableRef<HTMLDivElement | null> {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const fit = (): void => {
      const element = ref.current;
      if (element === null) return;
      const isOver = (): boolean =>
        element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1;
      for (let [first, further] = [1, 1]; first > fitMin;) {
        element.style.setProperty('--fit', String(first));
        element.style.setProperty('--further', String(further));
        if (!isOver()) return;
        if (further > furtherMin) further *= step;
        else first *= step;
      }
    };
    fit();
    addEventListener('resize', fit);
    return () => removeEventListener('resize', fit);
  }, [key]);
  return ref;
}
