// The labels of a pass in the languages that it speaks. English is the key: a phone of any other language shows that.

const languages = ['de', 'fr', 'es', 'it'] as const;

/** In the order of `languages`. */
const translations = {
  'Admission from': ['Einlass ab', 'Entrée à partir de', 'Entrada desde', 'Ingresso dalle'],
  'Admission until': ['Einlass bis', 'Entrée jusqu’à', 'Entrada hasta', 'Ingresso fino alle'],
  'Ticket type': ['Ticketart', 'Type de billet', 'Tipo de entrada', 'Tipo di biglietto'],
  Name: ['Name', 'Nom', 'Nombre', 'Nome'],
  Persons: ['Personen', 'Personnes', 'Personas', 'Persone'],
  'To type in': ['Zum Eintippen', 'À saisir', 'Para teclear', 'Da digitare'],
  'Good to know': ['Gut zu wissen', 'Bon à savoir', 'Conviene saber', 'Buono a sapersi'],
  'A ticket that was cancelled, passed on or issued again is refused at the gate, whatever this pass shows.': [
    'Ein storniertes, weitergegebenes oder neu ausgestelltes Ticket wird am Einlass abgelehnt, was auch immer hier steht.',
    'Un billet annulé, cédé ou réémis est refusé à l’entrée, quoi qu’affiche cette carte.',
    'Una entrada anulada, cedida o emitida de nuevo se rechaza en el acceso, muestre lo que muestre este pase.',
    'Un biglietto annullato, ceduto o riemesso viene rifiutato all’ingresso, qualunque cosa mostri questo pass.',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type PassLabel = keyof typeof translations;

/** The `pass.strings` of each language but English, by path. */
export const stringsFiles = (): ReadonlyMap<string, string> =>
  new Map(
    languages.map((language, index) => [
      `${language}.lproj/pass.strings`,
      Object.entries(translations)
        .map(([key, texts]) => `${JSON.stringify(key)} = ${JSON.stringify(texts[index])};\n`)
        .join(''),
    ]),
  );
