// What visitors read at a gate, in each language that a venue can choose: short, kind, and never an accusation. Why somebody is not let in is
// said to staff alone (texts.ts).
import type { RefusalCode } from './decision.ts';
import type { Texts } from './languages.ts';

const seeStaff: Texts = {
  en: 'Please see staff',
  de: 'Bitte ans Personal wenden',
  fr: 'Merci de voir le personnel',
  es: 'Acuda al personal, por favor',
  ar: 'يُرجى مراجعة الموظفين',
};
const tryAgain: Texts = {
  en: 'Please hold it up once more',
  de: 'Bitte noch einmal zeigen',
  fr: 'Présentez-le encore une fois',
  es: 'Muéstrelo otra vez, por favor',
  ar: 'يُرجى إظهاره مرة أخرى',
};
const notHere: Texts = {
  en: 'Please use another entrance',
  de: 'Bitte anderen Eingang benutzen',
  fr: 'Merci de prendre une autre entrée',
  es: 'Use otra entrada, por favor',
  ar: 'يُرجى استخدام مدخل آخر',
};
const notNow: Texts = {
  en: 'Not just yet, please see staff',
  de: 'Noch nicht, bitte zum Personal',
  fr: 'Pas encore, voyez le personnel',
  es: 'Todavía no, acuda al personal',
  ar: 'ليس بعد، يُرجى مراجعة الموظفين',
};
const waitForStaff: Texts = {
  en: 'One moment, staff are coming',
  de: 'Einen Moment, das Personal kommt',
  fr: 'Un instant, le personnel arrive',
  es: 'Un momento, enseguida le atienden',
  ar: 'لحظة من فضلك، الموظف قادم',
};
const goodbye: Texts = {
  en: 'Goodbye',
  de: 'Auf Wiedersehen',
  fr: 'Au revoir',
  es: 'Hasta pronto',
  ar: 'مع السلامة',
};

const refusals: Readonly<Record<RefusalCode, Texts>> = {
  'not-a-ticket': tryAgain,
  malformed: tryAgain,
  'signature-invalid': seeStaff,
  'key-unknown': seeStaff,
  'key-revoked': seeStaff,
  'other-event': seeStaff,
  'code-unknown': seeStaff,
  'band-disputed': seeStaff,
  'tag-unsupported': seeStaff,
  'too-many-attempts': waitForStaff,
  'other-ticket': seeStaff,
  'ticket-unknown': seeStaff,
  replaced: seeStaff,
  revoked: seeStaff,
  unpaid: seeStaff,
  blocked: seeStaff,
  denied: seeStaff,
  'not-yet-valid': notNow,
  expired: seeStaff,
  'wrong-zone': notHere,
  'already-used': seeStaff,
  'uses-spent': seeStaff,
  'already-inside': seeStaff,
  'not-inside': goodbye,
  'pass-out-needed': seeStaff,
  'too-soon': notNow,
  'once-per-day': seeStaff,
  'party-complete': seeStaff,
  'zone-full': waitForStaff,
  'code-replayed': {
    en: 'Please wait for the next code',
    de: 'Bitte auf den nächsten Code warten',
    fr: 'Merci d’attendre le code suivant',
    es: 'Espere al siguiente código',
    ar: 'يُرجى انتظار الرمز التالي',
  },
  'cache-stale': waitForStaff,
  'clock-untrusted': waitForStaff,
  'assurance-too-low': seeStaff,
  'method-off': seeStaff,
  'type-unknown': seeStaff,
  'lane-closed': notHere,
  'entry-stopped': {
    en: 'Entry is stopped, please wait',
    de: 'Einlass gestoppt, bitte warten',
    fr: 'Entrées suspendues, patientez',
    es: 'Acceso detenido, espere por favor',
    ar: 'الدخول متوقف، يُرجى الانتظار',
  },
  declined: seeStaff,
  'hold-timed-out': tryAgain,
  'position-unproven': seeStaff,
  'not-owner': {
    en: 'The ticket is in another wallet',
    de: 'Ticket ist in einer anderen Wallet',
    fr: 'Billet dans un autre portefeuille',
    es: 'La entrada está en otra cartera',
    ar: 'التذكرة في محفظة أخرى',
  },
  'owner-stale': waitForStaff,
  'token-consumed': seeStaff,
  'face-unknown': seeStaff,
  'face-erased': seeStaff,
  'face-other-model': seeStaff,
  'face-invalid': seeStaff,
  'face-unproven': seeStaff,
  'store-failed': notHere,
};

export const visitorText = (code: RefusalCode): Texts => refusals[code];

/** What a lane says of its state, and the smaller line below. */
export const laneTexts = {
  welcome: { en: 'Welcome', de: 'Willkommen', fr: 'Bienvenue', es: 'Bienvenidos', ar: 'أهلاً وسهلاً' },
  goodbye,
  oneMoment: { en: 'One moment', de: 'Einen Moment', fr: 'Un instant', es: 'Un momento', ar: 'لحظة من فضلك' },
  closed: { en: 'Lane closed', de: 'Spur geschlossen', fr: 'Passage fermé', es: 'Paso cerrado', ar: 'هذا الممر مغلق' },
  free: {
    en: 'Please walk through',
    de: 'Bitte durchgehen',
    fr: 'Passez, je vous prie',
    es: 'Pase, por favor',
    ar: 'تفضّلوا بالمرور',
  },
  showCode: {
    en: 'Show your ticket code',
    de: 'Bitte Ticketcode zeigen',
    fr: 'Présentez le code du billet',
    es: 'Muestre el código de su entrada',
    ar: 'أظهر رمز تذكرتك',
  },
  showBand: {
    en: 'Hold your band here',
    de: 'Bitte Bändchen hinhalten',
    fr: 'Présentez votre bracelet',
    es: 'Acerque su pulsera',
    ar: 'قرّب سوارك من القارئ',
  },
  showEither: {
    en: 'Show your code or band',
    de: 'Bitte Code oder Bändchen zeigen',
    fr: 'Présentez code ou bracelet',
    es: 'Muestre su código o pulsera',
    ar: 'أظهر رمزك أو سوارك',
  },
  orStaff: {
    en: 'Staff will let you in if you prefer',
    de: 'Auf Wunsch hilft Ihnen das Personal',
    fr: 'Le personnel peut aussi vous faire entrer',
    es: 'Si lo prefiere, el personal le ayuda',
    ar: 'يمكن للموظفين إدخالك إن فضّلت ذلك',
  },
  staffComes: {
    en: 'Staff will be with you',
    de: 'Das Personal kommt gleich',
    fr: 'Le personnel arrive',
    es: 'Enseguida le atienden',
    ar: 'سيأتي إليك أحد الموظفين حالاً',
  },
  otherSide: {
    en: 'Opens when the other side has closed',
    de: 'Öffnet, sobald die andere Seite zu ist',
    fr: 'S’ouvre dès que l’autre côté est fermé',
    es: 'Se abre cuando se cierre el otro lado',
    ar: 'يُفتح بعد إغلاق الجهة الأخرى',
  },
  otherLane: {
    en: 'Please use another lane',
    de: 'Bitte eine andere Spur benutzen',
    fr: 'Merci de prendre un autre passage',
    es: 'Use otro paso, por favor',
    ar: 'يُرجى استخدام ممر آخر',
  },
  stillValid: {
    en: 'Nobody passed: your ticket is still valid',
    de: 'Niemand ist durchgegangen: Ihr Ticket gilt weiter',
    fr: 'Personne n’est passé : votre billet reste valable',
    es: 'No ha pasado nadie: su entrada sigue siendo válida',
    ar: 'لم يمرّ أحد: تذكرتك ما زالت صالحة',
  },
} as const satisfies Readonly<Record<string, Texts>>;

/** On the display of a lane while an order stands. */
export const orderVisitorTexts = {
  entryStopped: {
    title: {
      en: 'Entry is stopped',
      de: 'Einlass gestoppt',
      fr: 'Entrées suspendues',
      es: 'Acceso detenido',
      ar: 'الدخول متوقف',
    },
    hint: {
      en: 'Please wait, staff will tell you when it goes on',
      de: 'Bitte warten, das Personal sagt Bescheid',
      fr: 'Patientez, le personnel vous préviendra',
      es: 'Espere, el personal le avisará',
      ar: 'يُرجى الانتظار، سيخبركم الموظفون عند استئنافه',
    },
  },
  evacuationEntry: {
    title: { en: 'No entry', de: 'Kein Einlass', fr: 'Entrée interdite', es: 'Prohibido entrar', ar: 'ممنوع الدخول' },
    hint: {
      en: 'Please leave by the exits',
      de: 'Bitte zu den Ausgängen gehen',
      fr: 'Dirigez-vous vers les sorties',
      es: 'Diríjase a las salidas',
      ar: 'يُرجى التوجّه إلى المخارج',
    },
  },
  evacuationExit: {
    title: {
      en: 'Exit: please walk through',
      de: 'Ausgang: bitte durchgehen',
      fr: 'Sortie : passez, je vous prie',
      es: 'Salida: pase, por favor',
      ar: 'مخرج: تفضّلوا بالمرور',
    },
    hint: {
      en: 'Please leave calmly',
      de: 'Bitte ruhig hinausgehen',
      fr: 'Sortez calmement',
      es: 'Salga con calma',
      ar: 'يُرجى الخروج بهدوء',
    },
  },
} as const satisfies Readonly<Record<string, { readonly title: Texts; readonly hint: Texts }>>;
