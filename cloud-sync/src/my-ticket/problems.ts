// Why something that was asked for did not happen, by the type of the cloud's problem, in every language.
import type { Saying } from '@postern/shared';
import { states } from './sayings.ts';

const waitAMinute = {
  en: 'Wait a minute, then try again.',
  de: 'Warten Sie eine Minute und versuchen Sie es noch einmal.',
  fr: 'Attendez une minute, puis réessayez.',
  es: 'Espere un minuto y vuelva a intentarlo.',
  ar: 'انتظر دقيقة ثم أعد المحاولة.',
};

const noTokens: Saying = {
  title: {
    en: 'No tickets as tokens here',
    de: 'Hier gibt es keine Tickets als Token',
    fr: 'Ici, pas de billets sous forme de jetons',
    es: 'Aquí no hay entradas en forma de token',
    ar: 'لا توجد هنا تذاكر على شكل توكن',
  },
  hint: {
    en: 'Ask the organiser for the right link.',
    de: 'Bitten Sie den Veranstalter um den richtigen Link.',
    fr: 'Demandez le bon lien à l’organisateur.',
    es: 'Pida al organizador el enlace correcto.',
    ar: 'اطلب الرابط الصحيح من المنظّم.',
  },
};

const problems: Readonly<Record<string, Saying>> = {
  unreachable: {
    title: { en: 'No network', de: 'Kein Netz', fr: 'Pas de réseau', es: 'Sin red', ar: 'لا توجد شبكة' },
    hint: {
      en: 'This needs a network once. Try again where there is one.',
      de: 'Das braucht einmal Netz. Versuchen Sie es dort, wo es eines gibt.',
      fr: 'Il faut du réseau une fois. Réessayez là où il y en a.',
      es: 'Hace falta red una vez. Vuelva a intentarlo donde la haya.',
      ar: 'يتطلب ذلك شبكة مرة واحدة. أعد المحاولة حيث تتوفر.',
    },
  },
  'link-invalid': {
    title: {
      en: 'This link no longer works',
      de: 'Dieser Link gilt nicht mehr',
      fr: 'Ce lien ne fonctionne plus',
      es: 'Este enlace ya no funciona',
      ar: 'لم يعد هذا الرابط صالحاً',
    },
    hint: {
      en: 'The ticket was given to somebody else, taken back or issued again, or the link is too old. Ask whoever sent it.',
      de: 'Das Ticket wurde weitergegeben, zurückgenommen oder neu ausgestellt, oder der Link ist zu alt. Fragen Sie, wer ihn geschickt hat.',
      fr: 'Le billet a été donné à quelqu’un d’autre, repris ou émis à nouveau, ou le lien est trop ancien. Demandez à la personne qui l’a envoyé.',
      es: 'La entrada se dio a otra persona, se recuperó o se emitió de nuevo, o el enlace es demasiado antiguo. Pregunte a quien lo envió.',
      ar: 'أُعطيت التذكرة لشخص آخر أو استُرجعت أو أُصدرت من جديد، أو أن الرابط قديم جداً. اسأل من أرسله.',
    },
  },
  'claims-exhausted': {
    title: {
      en: 'This link was used too often',
      de: 'Dieser Link wurde zu oft benutzt',
      fr: 'Ce lien a été utilisé trop souvent',
      es: 'Este enlace se ha usado demasiadas veces',
      ar: 'استُخدم هذا الرابط مرات كثيرة',
    },
    hint: {
      en: 'Ask whoever sold you the ticket for a new one.',
      de: 'Bitten Sie den Verkäufer um einen neuen.',
      fr: 'Demandez-en un nouveau au vendeur.',
      es: 'Pida uno nuevo a quien se la vendió.',
      ar: 'اطلب رابطاً جديداً ممن باعك التذكرة.',
    },
  },
  'already-used': {
    title: {
      en: 'This ticket has been used',
      de: 'Dieses Ticket wurde benutzt',
      fr: 'Ce billet a été utilisé',
      es: 'Esta entrada ya se ha usado',
      ar: 'استُخدمت هذه التذكرة',
    },
  },
  'transfer-forbidden': {
    title: {
      en: 'This ticket cannot be given away',
      de: 'Dieses Ticket kann nicht weitergegeben werden',
      fr: 'Ce billet ne peut pas être cédé',
      es: 'Esta entrada no se puede ceder',
      ar: 'لا يمكن إعطاء هذه التذكرة لغيرك',
    },
    hint: {
      en: 'The organiser has said so.',
      de: 'Das hat der Veranstalter so bestimmt.',
      fr: 'L’organisateur en a décidé ainsi.',
      es: 'Así lo ha decidido el organizador.',
      ar: 'هكذا قرّر المنظّم.',
    },
  },
  'ticket-is-token': {
    title: {
      en: 'This ticket is a token',
      de: 'Dieses Ticket ist ein Token',
      fr: 'Ce billet est un jeton',
      es: 'Esta entrada es un token',
      ar: 'هذه التذكرة توكن رقمي',
    },
    hint: {
      en: 'It goes with the token from wallet to wallet. Your wallet can let this phone show it; ask whoever sold it how.',
      de: 'Es geht mit dem Token von Wallet zu Wallet. Ihre Wallet kann es auf diesem Telefon zeigen lassen; fragen Sie den Verkäufer, wie.',
      fr: 'Il suit le jeton d’un portefeuille à l’autre. Votre portefeuille peut autoriser ce téléphone à l’afficher ; demandez au vendeur comment.',
      es: 'Va con el token de cartera en cartera. Su cartera puede permitir que este móvil la muestre; pregunte cómo a quien se la vendió.',
      ar: 'تنتقل مع التوكن من محفظة إلى محفظة. يمكن لمحفظتك أن تسمح لهذا الهاتف بإظهارها؛ اسأل البائع كيف.',
    },
  },
  'attempts-exhausted': {
    title: {
      en: 'Too many tries',
      de: 'Zu viele Versuche',
      fr: 'Trop d’essais',
      es: 'Demasiados intentos',
      ar: 'محاولات كثيرة جداً',
    },
    hint: waitAMinute,
  },
  'wallet-unsigned': {
    title: {
      en: 'The wallet has not signed',
      de: 'Die Wallet hat nicht unterschrieben',
      fr: 'Le portefeuille n’a pas signé',
      es: 'La cartera no ha firmado',
      ar: 'لم توقّع المحفظة',
    },
    hint: {
      en: 'Set it to the network on which you have the token, try again, and say yes.',
      de: 'Stellen Sie sie auf das Netzwerk, in dem Sie den Token haben, versuchen Sie es noch einmal und stimmen Sie zu.',
      fr: 'Réglez-le sur le réseau où se trouve votre jeton, réessayez et acceptez.',
      es: 'Póngala en la red en la que tiene el token, vuelva a intentarlo y acepte.',
      ar: 'اضبطها على الشبكة التي فيها التوكن، ثم أعد المحاولة ووافق.',
    },
  },
  'wallet-wrong': {
    title: {
      en: 'This wallet does not hold the token',
      de: 'Diese Wallet hat den Token nicht',
      fr: 'Ce portefeuille ne contient pas le jeton',
      es: 'Esta cartera no tiene el token',
      ar: 'التوكن ليس في هذه المحفظة',
    },
    hint: {
      en: 'Choose the account that does. If you have just bought the token, it may take some minutes.',
      de: 'Wählen Sie das Konto, das ihn hat. Haben Sie ihn eben gekauft, kann es einige Minuten dauern.',
      fr: 'Choisissez le compte qui le contient. Si vous venez d’acheter le jeton, cela peut prendre quelques minutes.',
      es: 'Elija la cuenta que lo tiene. Si acaba de comprar el token, puede tardar unos minutos.',
      ar: 'اختر الحساب الذي يملكه. إن كنت قد اشتريت التوكن للتو فقد يستغرق ذلك بضع دقائق.',
    },
  },
  'token-unknown': {
    title: {
      en: 'There is no ticket for this token',
      de: 'Zu diesem Token gibt es kein Ticket',
      fr: 'Il n’y a pas de billet pour ce jeton',
      es: 'No hay ninguna entrada para este token',
      ar: 'لا توجد تذكرة لهذا التوكن',
    },
    hint: {
      en: 'Check the number. If it is right, the ticket was passed on or issued again without the token: ask the organiser.',
      de: 'Prüfen Sie die Nummer. Stimmt sie, wurde das Ticket ohne den Token weitergegeben oder neu ausgestellt: fragen Sie den Veranstalter.',
      fr: 'Vérifiez le numéro. S’il est juste, le billet a été cédé ou émis à nouveau sans le jeton : demandez à l’organisateur.',
      es: 'Compruebe el número. Si es correcto, la entrada se cedió o se emitió de nuevo sin el token: pregunte al organizador.',
      ar: 'تحقّق من الرقم. إن كان صحيحاً فقد أُعطيت التذكرة لغيرك أو أُصدرت من جديد من دون التوكن: اسأل المنظّم.',
    },
  },
  'event-unknown': noTokens,
  'nft-rules-unset': noTokens,
  'ticket-not-valid': {
    title: {
      en: 'This ticket is not valid',
      de: 'Dieses Ticket ist nicht gültig',
      fr: 'Ce billet n’est pas valable',
      es: 'Esta entrada no es válida',
      ar: 'هذه التذكرة غير صالحة',
    },
    hint: {
      en: 'Ask whoever sold you the ticket.',
      de: 'Fragen Sie den Verkäufer.',
      fr: 'Adressez-vous au vendeur.',
      es: 'Pregunte a quien se la vendió.',
      ar: 'اسأل من باعك التذكرة.',
    },
  },
  'bindings-too-many': {
    title: {
      en: 'The wallet has named too many phones',
      de: 'Die Wallet hat zu viele Handys genannt',
      fr: 'Le portefeuille a désigné trop de téléphones',
      es: 'La cartera ha autorizado demasiados móviles',
      ar: 'سمّت المحفظة هواتف كثيرة جداً',
    },
    hint: {
      en: 'Use one of those, or show the wallet itself.',
      de: 'Nehmen Sie eines davon oder zeigen Sie die Wallet selbst.',
      fr: 'Utilisez l’un d’eux, ou présentez le portefeuille lui-même.',
      es: 'Use uno de ellos o muestre la propia cartera.',
      ar: 'استخدم أحدها أو أظهر المحفظة نفسها.',
    },
  },
  'chain-unavailable': {
    title: {
      en: 'The chain does not answer just now',
      de: 'Die Chain antwortet gerade nicht',
      fr: 'La chaîne ne répond pas pour l’instant',
      es: 'La cadena no responde en este momento',
      ar: 'سلسلة الكتل لا تستجيب الآن',
    },
    hint: waitAMinute,
  },
  'challenge-invalid': {
    title: {
      en: 'That took too long',
      de: 'Das hat zu lange gedauert',
      fr: 'Cela a pris trop de temps',
      es: 'Ha tardado demasiado',
      ar: 'استغرق ذلك وقتاً طويلاً',
    },
    hint: {
      en: 'Ask the wallet once more.',
      de: 'Fragen Sie die Wallet noch einmal.',
      fr: 'Demandez encore une fois au portefeuille.',
      es: 'Pregunte otra vez a la cartera.',
      ar: 'اسأل المحفظة مرة أخرى.',
    },
  },
  'holder-ended': states.replaced,
  revoked: states.revoked,
  unpaid: states.unpaid,
  blocked: states.blocked,
  'method-off': states['method-off'],
};
const unexpected: Saying = {
  title: {
    en: 'That did not work',
    de: 'Das hat nicht geklappt',
    fr: 'Cela n’a pas fonctionné',
    es: 'No ha funcionado',
    ar: 'لم ينجح ذلك',
  },
  hint: {
    en: 'Try again in a moment.',
    de: 'Versuchen Sie es gleich noch einmal.',
    fr: 'Réessayez dans un instant.',
    es: 'Vuelva a intentarlo en un momento.',
    ar: 'أعد المحاولة بعد لحظات.',
  },
};
export const problemSaying = (type: string): Saying => problems[type] ?? unexpected;
/** What trying again does not change. */
export const isFinal = (type: string): boolean => ['link-invalid', 'claims-exhausted', 'revoked'].includes(type);
