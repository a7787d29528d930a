// What a form does when it is sent, or a button when it is pressed: one at a time, and what hindered it stays said until it is done.
import { useRef, useState } from 'preact/hooks';

export interface Submission<Trouble> {
  readonly busy: boolean;
  /** Why it was not done the last time. */
  readonly trouble: Trouble | undefined;
  readonly setTrouble: (trouble: Trouble | undefined) => void;
  /** For `onSubmit` of a form and `onClick` of a button. */
  readonly submit: (event?: Event) => void;
}

/** `work` answers with what hindered it. */
export function useSubmit<Trouble = never>(work: () => Promise<Trouble | undefined>): Submission<Trouble> {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();
  const isUnderWay = useRef(false);
  const run = async (): Promise<void> => {
    if (isUnderWay.current) return;
    isUnderWay.current = true;
    setBusy(true);
    try {
      setTrouble(await work());
    } finally {
      isUnderWay.current = false;
      setBusy(false);
    }
  };
  return {
    busy,
    trouble,
    setTrouble,
    submit: (event) => {
      event?.preventDefault();
      void run();
    },
  };
}
