// What this phone has done, newest first, and the way to take back the last entry.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Mark } from '@postern/shared';
import { Button, EmptyState, StatusMark, type ShapeName, type Tone } from '@postern/shared/ui';
import { labels, markTexts, sayings } from './texts.ts';
import { say, shortTicket, timeOf, usePage } from './page.ts';

const pageMarks = 50;
const marksMax = 500;

const looks: Partial<Readonly<Record<Mark['kind'], readonly [Tone, ShapeName]>>> = {
  admitted: ['good', 'disc'],
  overridden: ['warn', 'disc'],
  refused: ['bad', 'cross'],
  denied: ['bad', 'cross'],
  undone: ['busy', 'work'],
  lapsed: ['busy', 'ring'],
};

export function MarkLine({
  mark,
  withGate = false,
}: {
  readonly mark: Mark;
  readonly withGate?: boolean;
}): JSX.Element {
  const page = usePage();
  const [tone, shape] = looks[mark.kind] ?? ['plain', 'info'];
  const ticketId = 'ticketId' in mark ? mark.ticketId : '';
  return (
    <li class="mark-line">
      <time dateTime={new Date(mark.at.ms).toISOString()}>{timeOf(mark.at.ms, page)}</time>
      <StatusMark tone={tone} shape={shape}>
        {say(markTexts[mark.kind])}
      </StatusMark>
      <span class="what">
        {withGate ? (
          page.handheld.gateName(mark.gate)
        ) : ticketId !== '' ? (
          <code>{shortTicket(ticketId)}</code>
        ) : (
          // What concerns no visitor has none.
          'ticketId' in mark && say(labels.unknownTicket)
        )}
        {'uses' in mark && mark.uses > 1 && ` ×${mark.uses}`}
        {mark.operator !== undefined && ` ${mark.operator}`}
      </span>
    </li>
  );
}

export function HistoryView(): JSX.Element {
  const { handheld, duty } = usePage();
  const [max, setMax] = useState(pageMarks);
  const [marks, setMarks] = useState<readonly Mark[]>();
  const lane = handheld.laneState.value;
  useEffect(() => {
    let isCurrent = true;
    void handheld.history(max).then((found) => isCurrent && setMarks(found));
    return () => {
      isCurrent = false;
    };
    // Again after every visitor.
  }, [max, lane]);
  return (
    <section class="view" aria-labelledby="history-title">
      <header>
        <h2 id="history-title">{say(labels.marks)}</h2>
        <Button onClick={() => duty.ask({ type: 'undo' })}>{say(labels.undo)}</Button>
      </header>
      {marks?.length === 0 && (
        <EmptyState title={say(sayings.noHistory.title)}>{say(sayings.noHistory.hint)}</EmptyState>
      )}
      <ol class="mark-list">
        {marks?.map((mark) => (
          <MarkLine key={`${mark.boot} ${mark.sequence}`} mark={mark} />
        ))}
      </ol>
      {(marks?.length ?? 0) >= max && max < marksMax && (
        <Button onClick={() => setMax(Math.min(marksMax, max + pageMarks))}>{say(labels.shorterList)}</Button>
      )}
    </section>
  );
}
