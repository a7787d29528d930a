// What the gate's screen shows for a lane's state: one tone (colour), one symbol (shape, so that nobody needs to see colours), one
// large text in each language, and a small line for staff. Pure; the page only draws it.
import {
  clockTime,
  holdTexts,
  orderStaffText,
  orderVisitorTexts,
  staffLanguageOf,
  laneTexts,
  rehearsalStaffText,
  rehearsalTitle,
  stewardText,
  visitorText,
  warningTexts,
  type Decision,
  type LaneState,
  type OrderMark,
  type Language,
  type StaffLanguage,
  type StaffTexts,
  type Texts,
  type Warning,
} from '@postern/shared';
import type { Shown } from './screens.ts';
import type { FaceHint } from '../face/face-watch.ts';

export type DisplayTone = 'ready' | 'busy' | 'welcome' | 'wait' | 'refused' | 'closed' | 'free';
export type DisplaySymbol = 'scan' | 'dots' | 'tick' | 'hand' | 'cross' | 'bar' | 'arrow';

export interface DisplayView {
  readonly lane: string;
  readonly direction: 'entry' | 'exit';
  readonly tone: DisplayTone;
  readonly symbol: DisplaySymbol;
  /** In the ticket's language, where it has one; else in the venue's, its first one first. `hint` is the smaller line below. */
  readonly lines: readonly { readonly language: Language; readonly title: string; readonly hint?: string }[];
  /** Persons of a party: `from` to `to` of `of` ("2 of 5", "2-5 of 5"). */
  readonly party?: { readonly from: number; readonly to: number; readonly of: number };
  /** While the gate rehearses: a banner above everything, one text a language. */
  readonly rehearsal?: readonly { readonly language: Language; readonly text: string }[];
  /** For staff who ask, in the first of the venue's languages that they have: why, and what is not as usual with this ticket. */
  readonly staff: readonly string[];
  /** For them too: what is not as it should be at this gate, whatever the lane shows. */
  readonly standing: readonly string[];
  /** Unix ms. */
  readonly atMs: number;
}

export interface DisplayContext {
  readonly languages: readonly Language[];
  /** Of whoever works here, where that is known; else the first of `languages` that staff have. */
  readonly staffLanguage?: StaffLanguage;
  readonly timeZone: string;
  readonly gateName: (gate: string) => string;
  /** What the lane's readers take. */
  readonly shows: readonly Shown[];
  readonly direction: 'entry' | 'exit';
  /** Since when neither the cloud nor another gate has answered; undefined while in touch. */
  readonly noContactSinceMs: number | undefined;
  /** Until when the gate rehearses, Unix ms; undefined while entries count. */
  readonly rehearsalUntilMs?: number | undefined;
  readonly clockTrusted: boolean;
  /** What the lane's look at a face says, while there is one. */
  readonly face?: FaceHint | undefined;
  /** False while there is no ticket list to decide by. */
  readonly hasFeed: boolean;
  /** Why there is none any more. */
  readonly forgotten?: 'revoked' | 'lease-over' | undefined;
  readonly atMs: number;
}

/** Beside "look at the camera": what would help. */
const faceTexts: Readonly<Record<Exclude<FaceHint['type'], 'over'>, Texts>> = {
  look: {
    en: 'Please look at the camera',
    de: 'Bitte in die Kamera schauen',
    fr: 'Regardez la caméra, s’il vous plaît',
    es: 'Mire a la cámara, por favor',
    ar: 'يُرجى النظر إلى الكاميرا',
  },
  'no-face': {
    en: 'Stand before the camera',
    de: 'Bitte vor die Kamera treten',
    fr: 'Placez-vous devant la caméra',
    es: 'Sitúese ante la cámara',
    ar: 'قف أمام الكاميرا',
  },
  'several-faces': {
    en: 'One person at a time',
    de: 'Bitte einzeln',
    fr: 'Une personne à la fois',
    es: 'De uno en uno, por favor',
    ar: 'شخص واحد في كل مرة',
  },
  'face-too-small': {
    en: 'Come closer',
    de: 'Bitte näher kommen',
    fr: 'Approchez-vous',
    es: 'Acérquese un poco',
    ar: 'اقترب قليلاً',
  },
  'face-turned': {
    en: 'Look straight ahead',
    de: 'Bitte geradeaus schauen',
    fr: 'Regardez droit devant vous',
    es: 'Mire al frente',
    ar: 'انظر إلى الأمام مباشرة',
  },
  'face-blurred': {
    en: 'Stand still for a moment',
    de: 'Bitte kurz stillhalten',
    fr: 'Ne bougez plus un instant',
    es: 'No se mueva un momento',
    ar: 'قف ثابتاً للحظة',
  },
  'face-badly-lit': {
    en: 'Turn to the light',
    de: 'Bitte zum Licht drehen',
    fr: 'Tournez-vous vers la lumière',
    es: 'Gírese hacia la luz',
    ar: 'استدر نحو الضوء',
  },
};
const faceOverTexts: Readonly<Record<'camera' | 'engine', StaffTexts>> = {
  camera: {
    en: 'The camera for faces does not work: check who it is in another way',
    de: 'Die Kamera für Gesichter geht nicht: auf anderem Weg prüfen',
  },
  engine: {
    en: 'This gate cannot compare faces now: check who it is in another way',
    de: 'Dieses Gate kann gerade keine Gesichter vergleichen: auf anderem Weg prüfen',
  },
};
const faceOverText = (
  why: Extract<FaceHint, { type: 'over' }>['why'],
  { timeZone, gateName }: Pick<DisplayContext, 'timeZone' | 'gateName'>,
  language: StaffLanguage,
): string =>
  why === 'camera' || why === 'engine'
    ? faceOverTexts[why][language]
    : stewardText(why, {}, { language, timeZone, gateName });

const closedWhy: Readonly<Record<Exclude<Extract<LaneState, { name: 'closed' }>['why'], 'order'>, StaffTexts>> = {
  store: {
    en: 'The gate cannot record entries: call the technician',
    de: 'Das Gate kann nichts aufzeichnen: Technik rufen',
  },
  actuator: {
    en: 'The turnstile does not answer: call the technician',
    de: 'Das Drehkreuz antwortet nicht: Technik rufen',
  },
  person: { en: 'Closed by staff', de: 'Vom Personal geschlossen' },
  stopping: { en: 'The gate is being switched off', de: 'Das Gate wird abgeschaltet' },
};
const noFeed: Readonly<Record<NonNullable<DisplayContext['forgotten']> | 'none-yet', StaffTexts>> = {
  'none-yet': {
    en: 'No ticket list yet: connect this gate to the cloud',
    de: 'Noch keine Ticketliste: Gate mit der Cloud verbinden',
  },
  'lease-over': {
    en: 'Too long without the cloud, the ticket list is forgotten: connect this gate to the cloud',
    de: 'Zu lange ohne Cloud, die Ticketliste ist vergessen: Gate mit der Cloud verbinden',
  },
  revoked: {
    en: 'This gate has been revoked: give it to whoever looks after the gates',
    de: 'Dieses Gate ist gesperrt: der Gate-Betreuung geben',
  },
};
const freeWhy: Readonly<Record<Exclude<Extract<LaneState, { name: 'free' }>['why'], 'order'>, StaffTexts>> = {
  fire: { en: 'FIRE INPUT: free until a person resets it', de: 'BRANDMELDER: frei, bis eine Person zurücksetzt' },
  failure: { en: 'Free because the gate cannot decide', de: 'Frei, weil das Gate nicht entscheiden kann' },
  person: { en: 'Set free by staff', de: 'Vom Personal freigegeben' },
};

/** Whoever comes with a ticket in a language of its own is spoken to in that alone. */
function languagesOf(state: LaneState, { languages }: Pick<DisplayContext, 'languages'>): readonly Language[] {
  const language = 'decision' in state ? state.decision?.language : undefined;
  return language === undefined ? languages : [language];
}

/** The view of one lane's state now. */
export function laneStateToView(lane: string, state: LaneState, context: DisplayContext): DisplayView {
  const first = context.staffLanguage ?? staffLanguageOf(context.languages);
  const standing = [...rehearsalTexts(context, first), ...standingTexts(context, first)];
  const view = (
    tone: DisplayTone,
    symbol: DisplaySymbol,
    title: Texts,
    hint?: Texts,
    staff: readonly string[] = [],
  ): DisplayView => ({
    lane,
    direction: context.direction,
    tone,
    symbol,
    lines: languagesOf(state, context).map((language) => ({
      language,
      title: title[language],
      ...(hint === undefined ? {} : { hint: hint[language] }),
    })),
    ...rehearsalOf(state, context),
    staff,
    standing,
    atMs: context.atMs,
  });
  const arrived = context.direction === 'entry' ? laneTexts.welcome : laneTexts.goodbye;

  switch (state.name) {
    case 'idle':
      if (!context.hasFeed) return view('closed', 'bar', laneTexts.closed, laneTexts.otherLane);
      return view('ready', 'scan', showTexts(context));
    case 'deciding':
      return view('busy', 'dots', laneTexts.oneMoment);
    case 'held': {
      const { face } = context;
      const staff = [
        holdTexts[state.decision.reason][first],
        ...(face?.type === 'over' ? [faceOverText(face.why, context, first)] : []),
        ...warningLines(state.decision, first),
      ];
      const isLooking = face !== undefined && face.type !== 'over';
      return {
        ...(isLooking
          ? view('wait', 'hand', faceTexts.look, face.type === 'look' ? laneTexts.orStaff : faceTexts[face.type], staff)
          : view('wait', 'hand', laneTexts.oneMoment, laneTexts.staffComes, staff)),
        ...partyOf(state.decision),
      };
    }
    case 'waiting':
      return {
        ...view('busy', 'dots', laneTexts.oneMoment, laneTexts.otherSide, warningLines(state.decision, first)),
        ...partyOf(state.decision),
      };
    case 'open':
    case 'passed':
      return {
        ...view('welcome', 'tick', arrived, undefined, warningLines(state.decision, first)),
        ...partyOf(state.decision),
      };
    case 'lapsed':
      return view('ready', 'scan', showTexts(context), laneTexts.stillValid);
    case 'refused': {
      const { type, detail = {} } = state.decision.refusal;
      return view('refused', 'cross', visitorText(type), undefined, [
        stewardText(type, detail, { language: first, timeZone: context.timeZone, gateName: context.gateName }),
      ]);
    }
    case 'closed': {
      if (state.why !== 'order')
        return view('closed', 'bar', laneTexts.closed, laneTexts.otherLane, [closedWhy[state.why][first]]);
      const texts = orderVisitorTexts[state.order.order === 'evacuate' ? 'evacuationEntry' : 'entryStopped'];
      return view('closed', 'bar', texts.title, texts.hint, [whoOrdered(state.order, first, context)]);
    }
    case 'free': {
      if (state.why !== 'order') return view('free', 'arrow', laneTexts.free, undefined, [freeWhy[state.why][first]]);
      const { title, hint } = orderVisitorTexts.evacuationExit;
      return view('free', 'arrow', title, hint, [whoOrdered(state.order, first, context)]);
    }
  }
}

function whoOrdered(
  { order, gate, operator, at }: OrderMark,
  language: StaffLanguage,
  { gateName, timeZone }: Pick<DisplayContext, 'gateName' | 'timeZone'>,
): string {
  const who = operator === undefined ? gateName(gate) : `${operator} (${gateName(gate)})`;
  return orderStaffText(order, who, clockTime(at.ms, language, timeZone), language);
}

/** Being out of touch has a line of its own that says since when: the mark's warning would say it twice. */
const warningLines = (decision: Decision | undefined, language: StaffLanguage): readonly string[] =>
  decision === undefined || decision.kind === 'refuse'
    ? []
    : decision.warnings
        .filter((warning: Warning) => warning !== 'out-of-touch')
        .map((warning) => warningTexts[warning][language]);

function partyOf(decision: Decision | undefined): { readonly party?: NonNullable<DisplayView['party']> } {
  if (decision === undefined || decision.kind === 'refuse' || decision.party <= 1) return {};
  return {
    party: {
      from: decision.part,
      to: Math.min(decision.party, decision.part + decision.persons - 1),
      of: decision.party,
    },
  };
}

const showTexts = ({ shows }: Pick<DisplayContext, 'shows'>): Texts => {
  if (!shows.includes('band')) return laneTexts.showCode;
  return shows.includes('code') ? laneTexts.showEither : laneTexts.showBand;
};

/** What stands until it is mended. Without a ticket list nobody is admitted, with contact or without. */
const standingTexts = (
  { hasFeed, forgotten, noContactSinceMs, clockTrusted, timeZone, gateName }: DisplayContext,
  language: StaffLanguage,
): readonly string[] => [
  ...(hasFeed ? [] : [noFeed[forgotten ?? 'none-yet'][language]]),
  ...(hasFeed && noContactSinceMs !== undefined ? [noContactText(noContactSinceMs, language, timeZone)] : []),
  ...(clockTrusted ? [] : [stewardText('clock-untrusted', {}, { language, timeZone, gateName })]),
];

const rehearsalTexts = ({ rehearsalUntilMs, timeZone }: DisplayContext, language: StaffLanguage): readonly string[] =>
  rehearsalUntilMs === undefined ? [] : [rehearsalStaffText(rehearsalUntilMs, language, timeZone)];

/** Also where the rehearsal was left while somebody whose entry was practised is still on the way in. */
function rehearsalOf(
  state: LaneState,
  { rehearsalUntilMs, languages }: DisplayContext,
): Pick<DisplayView, 'rehearsal'> {
  const isPractised = 'mark' in state && 'rehearsal' in state.mark && state.mark.rehearsal !== undefined;
  if (rehearsalUntilMs === undefined && !isPractised) return {};
  return { rehearsal: languages.map((language) => ({ language, text: rehearsalTitle[language] })) };
}

/** "No contact since 19:02, still admitting", in the venue's time. */
export function noContactText(sinceMs: number, language: StaffLanguage, timeZone: string): string {
  const time = clockTime(sinceMs, language, timeZone);
  return language === 'de'
    ? `Kein Kontakt seit ${time}, Einlass läuft weiter`
    : `No contact since ${time}, still admitting`;
}
