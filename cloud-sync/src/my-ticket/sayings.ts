// What the page says of a ticket and of the phone it is on, in every language: a title, and what to do.
import type { HoldingState, Saying } from '@postern/shared';

export const sayings = {
  nothing: {
    title: {
      en: 'No ticket on this phone',
      de: 'Kein Ticket auf diesem Handy',
      fr: 'Aucun billet sur ce téléphone',
      es: 'No hay ninguna entrada en este móvil',
      ar: 'لا توجد تذكرة على هذا الهاتف',
    },
    hint: {
      en: 'Open the link that you were sent, here, in this browser. If your ticket was here and is gone (the browser’s data was deleted, or the phone is new), open the same link again: it works a few times. If it no longer does, ask whoever sold you the ticket for a new one.',
      de: 'Öffnen Sie den Link, den Sie bekommen haben, hier in diesem Browser. War Ihr Ticket hier und ist weg (Browserdaten gelöscht, neues Handy), öffnen Sie denselben Link noch einmal: er geht einige Male. Geht er nicht mehr, bitten Sie den Verkäufer um einen neuen.',
      fr: 'Ouvrez ici, dans ce navigateur, le lien que vous avez reçu. Si votre billet était là et n’y est plus (données du navigateur effacées, nouveau téléphone), rouvrez le même lien : il fonctionne plusieurs fois. S’il ne fonctionne plus, demandez-en un nouveau au vendeur.',
      es: 'Abra aquí, en este navegador, el enlace que recibió. Si su entrada estaba aquí y ya no está (datos del navegador borrados, móvil nuevo), abra otra vez el mismo enlace: funciona unas cuantas veces. Si ya no funciona, pida uno nuevo a quien se la vendió.',
      ar: 'افتح الرابط الذي وصلك هنا في هذا المتصفح. إن كانت تذكرتك هنا واختفت (حُذفت بيانات المتصفح أو تغيّر الهاتف) فافتح الرابط نفسه من جديد: إنه يعمل بضع مرات. وإن لم يعد يعمل فاطلب رابطاً جديداً ممن باعك التذكرة.',
    },
  },
  unkept: {
    title: {
      en: 'This browser keeps nothing',
      de: 'Dieser Browser speichert nichts',
      fr: 'Ce navigateur ne conserve rien',
      es: 'Este navegador no guarda nada',
      ar: 'هذا المتصفح لا يحفظ شيئاً',
    },
    hint: {
      en: 'Open the link in your phone’s own browser, and not in a private window or inside another app.',
      de: 'Öffnen Sie den Link im eigenen Browser des Handys, nicht in einem privaten Fenster oder in einer anderen App.',
      fr: 'Ouvrez le lien dans le navigateur du téléphone, et non dans une fenêtre privée ou dans une autre application.',
      es: 'Abra el enlace en el navegador del móvil, no en una ventana privada ni dentro de otra aplicación.',
      ar: 'افتح الرابط في متصفح هاتفك نفسه، لا في نافذة خاصة ولا داخل تطبيق آخر.',
    },
  },
  claim: {
    title: { en: 'Your ticket', de: 'Ihr Ticket', fr: 'Votre billet', es: 'Su entrada', ar: 'تذكرتك' },
    hint: {
      en: 'It comes onto this phone and shows a code that changes every few seconds. After that it works without a network.',
      de: 'Es kommt auf dieses Handy und zeigt einen Code, der alle paar Sekunden wechselt. Danach geht es ohne Netz.',
      fr: 'Il arrive sur ce téléphone et affiche un code qui change toutes les quelques secondes. Ensuite il fonctionne sans réseau.',
      es: 'Llega a este móvil y muestra un código que cambia cada pocos segundos. Después funciona sin red.',
      ar: 'تُحفظ على هذا الهاتف وتُظهر رمزاً يتغيّر كل بضع ثوانٍ. بعد ذلك تعمل من دون شبكة.',
    },
  },
  held: {
    title: {
      en: 'This ticket is on another phone',
      de: 'Dieses Ticket ist auf einem anderen Handy',
      fr: 'Ce billet est sur un autre téléphone',
      es: 'Esta entrada está en otro móvil',
      ar: 'هذه التذكرة على هاتف آخر',
    },
    hint: {
      en: 'You can move it to this one. The other phone’s code and every printed one stop working. The link allows this a few times.',
      de: 'Sie können es auf dieses verschieben. Der Code des anderen Handys und jeder ausgedruckte gelten dann nicht mehr. Der Link erlaubt das einige Male.',
      fr: 'Vous pouvez le transférer sur celui-ci. Le code de l’autre téléphone et ceux qui sont imprimés ne seront plus valables. Le lien le permet plusieurs fois.',
      es: 'Puede traerla a este. El código del otro móvil y los impresos dejarán de valer. El enlace lo permite unas cuantas veces.',
      ar: 'يمكنك نقلها إلى هذا الهاتف. عندها يتوقف رمز الهاتف الآخر وكل رمز مطبوع. يسمح الرابط بذلك بضع مرات.',
    },
  },
  token: {
    title: {
      en: 'Your ticket is a token',
      de: 'Ihr Ticket ist ein Token',
      fr: 'Votre billet est un jeton',
      es: 'Su entrada es un token',
      ar: 'تذكرتك توكن رقمي',
    },
    hint: {
      en: 'Your wallet says once that this phone may show it. That moves nothing and costs nothing. After that it works here, in this browser, without wallet and network.',
      de: 'Ihre Wallet sagt einmal, dass dieses Handy es zeigen darf. Das bewegt nichts und kostet nichts. Danach geht es hier, in diesem Browser, ohne Wallet und Netz.',
      fr: 'Votre portefeuille confirme une fois que ce téléphone peut l’afficher. Rien n’est transféré et c’est gratuit. Ensuite il fonctionne ici, dans ce navigateur, sans portefeuille ni réseau.',
      es: 'Su cartera confirma una vez que este móvil puede mostrarla. No se transfiere nada y no cuesta nada. Después funciona aquí, en este navegador, sin cartera ni red.',
      ar: 'تؤكد محفظتك مرة واحدة أنه يُسمح لهذا الهاتف بإظهارها. لا يُنقل شيء ولا يُدفع شيء. بعد ذلك تعمل هنا في هذا المتصفح من دون محفظة ولا شبكة.',
    },
  },
  noWallet: {
    title: {
      en: 'Open this in your wallet',
      de: 'Öffnen Sie dies in Ihrer Wallet',
      fr: 'Ouvrez ceci dans votre portefeuille',
      es: 'Abra esto en su cartera',
      ar: 'افتح هذه الصفحة في محفظتك',
    },
    hint: {
      en: 'This browser has no wallet. Copy the link and open it in the browser of your wallet’s app: the ticket will be there, also at the door.',
      de: 'Dieser Browser hat keine Wallet. Kopieren Sie den Link und öffnen Sie ihn im Browser Ihrer Wallet-App: dort ist dann das Ticket, auch an der Tür.',
      fr: 'Ce navigateur n’a pas de portefeuille. Copiez le lien et ouvrez-le dans le navigateur de votre application de portefeuille : le billet sera là, aussi à l’entrée.',
      es: 'Este navegador no tiene cartera. Copie el enlace y ábralo en el navegador de la aplicación de su cartera: la entrada estará allí, también en la puerta.',
      ar: 'لا توجد محفظة في هذا المتصفح. انسخ الرابط وافتحه في متصفح تطبيق محفظتك: ستكون التذكرة هناك، وعند الباب أيضاً.',
    },
  },
  offline: {
    title: { en: 'No network', de: 'Kein Netz', fr: 'Pas de réseau', es: 'Sin red', ar: 'لا توجد شبكة' },
    hint: {
      en: 'Your code works all the same.',
      de: 'Ihr Code gilt trotzdem.',
      fr: 'Votre code fonctionne quand même.',
      es: 'Su código funciona igualmente.',
      ar: 'رمزك يعمل رغم ذلك.',
    },
  },
  clockOff: {
    title: {
      en: 'This phone’s clock is wrong',
      de: 'Die Uhr dieses Handys geht falsch',
      fr: 'L’heure de ce téléphone est fausse',
      es: 'El reloj de este móvil no va bien',
      ar: 'ساعة هذا الهاتف غير صحيحة',
    },
    hint: {
      en: 'The code makes up for it. Best let the phone set its clock by itself.',
      de: 'Der Code gleicht das aus. Am besten lassen Sie das Handy die Uhr selbst stellen.',
      fr: 'Le code en tient compte. Le mieux est de laisser le téléphone régler l’heure lui-même.',
      es: 'El código lo compensa. Lo mejor es que el móvil ponga la hora automáticamente.',
      ar: 'الرمز يعوّض ذلك. الأفضل أن يضبط الهاتف وقته تلقائياً.',
    },
  },
  clockSet: {
    title: {
      en: 'The clock of this phone was changed',
      de: 'Die Uhr dieses Handys wurde verstellt',
      fr: 'L’heure de ce téléphone a été modifiée',
      es: 'Se ha cambiado el reloj de este móvil',
      ar: 'تغيّرت ساعة هذا الهاتف',
    },
    hint: {
      en: 'The code may be refused until this page has been online once. Connect, or set the clock right.',
      de: 'Der Code wird vielleicht abgelehnt, bis diese Seite einmal online war. Verbinden Sie das Handy oder stellen Sie die Uhr richtig.',
      fr: 'Le code sera peut-être refusé tant que cette page n’a pas été en ligne. Connectez-vous ou remettez le téléphone à l’heure.',
      es: 'Puede que se rechace el código hasta que esta página se haya conectado una vez. Conéctese o ponga el reloj en hora.',
      ar: 'قد يُرفض الرمز إلى أن تتصل هذه الصفحة بالشبكة مرة واحدة. اتصل بالشبكة أو اضبط الساعة.',
    },
  },
  ownLink: {
    title: {
      en: 'Keep this link for yourself',
      de: 'Bewahren Sie diesen Link für sich auf',
      fr: 'Gardez ce lien pour vous',
      es: 'Guarde este enlace para usted',
      ar: 'احتفظ بهذا الرابط لنفسك',
    },
    hint: {
      en: 'With it the ticket comes onto a new phone. Whoever has it can take the ticket.',
      de: 'Mit ihm kommt das Ticket auf ein neues Handy. Wer ihn hat, kann das Ticket an sich nehmen.',
      fr: 'Il permet de mettre le billet sur un nouveau téléphone. Quiconque l’a peut prendre le billet.',
      es: 'Con él la entrada pasa a un móvil nuevo. Quien lo tenga puede quedarse con la entrada.',
      ar: 'به تنتقل التذكرة إلى هاتف جديد. ومن يملكه يستطيع أخذ التذكرة.',
    },
  },
  passOn: {
    title: {
      en: 'Give this ticket to a friend',
      de: 'Dieses Ticket weitergeben',
      fr: 'Donner ce billet à un proche',
      es: 'Dar esta entrada a otra persona',
      ar: 'إعطاء هذه التذكرة لصديق',
    },
    hint: {
      en: 'You get a link to send. Until your friend has opened it the ticket stays yours, and you can take it back. After that your code no longer opens anything.',
      de: 'Sie bekommen einen Link zum Senden. Bis er geöffnet wurde, bleibt das Ticket Ihres, und Sie können es zurücknehmen. Danach öffnet Ihr Code nichts mehr.',
      fr: 'Vous recevez un lien à envoyer. Tant qu’il n’a pas été ouvert, le billet reste à vous et vous pouvez le reprendre. Ensuite votre code n’ouvre plus rien.',
      es: 'Recibe un enlace para enviar. Hasta que se abra, la entrada sigue siendo suya y puede recuperarla. Después su código ya no abre nada.',
      ar: 'تحصل على رابط لإرساله. تبقى التذكرة لك إلى أن يُفتح الرابط، ويمكنك استرجاعها. بعد ذلك لا يفتح رمزك شيئاً.',
    },
  },
  offered: {
    title: {
      en: 'Waiting for your friend',
      de: 'Wartet auf die andere Person',
      fr: 'En attente de l’autre personne',
      es: 'Esperando a la otra persona',
      ar: 'بانتظار الشخص الآخر',
    },
    hint: {
      en: 'Until the link has been opened the ticket is yours.',
      de: 'Bis der Link geöffnet wurde, ist das Ticket Ihres.',
      fr: 'Tant que le lien n’a pas été ouvert, le billet est à vous.',
      es: 'Hasta que se abra el enlace, la entrada es suya.',
      ar: 'التذكرة لك إلى أن يُفتح الرابط.',
    },
  },
  used: {
    title: {
      en: 'This ticket has been used',
      de: 'Dieses Ticket wurde benutzt',
      fr: 'Ce billet a été utilisé',
      es: 'Esta entrada ya se ha usado',
      ar: 'استُخدمت هذه التذكرة',
    },
  },
} as const satisfies Record<string, Saying>;

/** Why there is no code; `valid` has one. */
export const states: Readonly<Record<Exclude<HoldingState, 'valid'>, Saying>> = {
  moved: {
    title: {
      en: 'Moved to another phone',
      de: 'Auf ein anderes Handy verschoben',
      fr: 'Transféré sur un autre téléphone',
      es: 'Trasladada a otro móvil',
      ar: 'نُقلت إلى هاتف آخر',
    },
    hint: {
      en: 'If that was not you, tell whoever sold you the ticket.',
      de: 'Waren Sie das nicht, sagen Sie es dem Verkäufer.',
      fr: 'Si ce n’était pas vous, prévenez le vendeur.',
      es: 'Si no ha sido usted, avise a quien se la vendió.',
      ar: 'إن لم تكن أنت من فعل ذلك فأخبر من باعك التذكرة.',
    },
  },
  given: {
    title: {
      en: 'Given to somebody else',
      de: 'An jemand anderen weitergegeben',
      fr: 'Donné à quelqu’un d’autre',
      es: 'Entregada a otra persona',
      ar: 'أُعطيت لشخص آخر',
    },
    hint: {
      en: 'Your link was opened. The ticket is theirs now.',
      de: 'Ihr Link wurde geöffnet. Das Ticket gehört nun dieser Person.',
      fr: 'Votre lien a été ouvert. Le billet appartient maintenant à cette personne.',
      es: 'Se ha abierto su enlace. La entrada es ahora de esa persona.',
      ar: 'فُتح رابطك. التذكرة الآن لذلك الشخص.',
    },
  },
  sold: {
    title: {
      en: 'The token has a new owner',
      de: 'Der Token hat einen neuen Besitzer',
      fr: 'Le jeton a changé de propriétaire',
      es: 'El token tiene otro dueño',
      ar: 'للتوكن مالك جديد',
    },
    hint: {
      en: 'The ticket went with it. If the token is yours, open the organiser’s link once more.',
      de: 'Das Ticket ging mit. Ist der Token Ihrer, öffnen Sie den Link des Veranstalters noch einmal.',
      fr: 'Le billet l’a suivi. Si le jeton est à vous, rouvrez le lien de l’organisateur.',
      es: 'La entrada se fue con él. Si el token es suyo, abra otra vez el enlace del organizador.',
      ar: 'انتقلت التذكرة معه. إن كان التوكن لك فافتح رابط المنظّم مرة أخرى.',
    },
  },
  replaced: {
    title: {
      en: 'Replaced by a newer ticket',
      de: 'Durch ein neueres Ticket ersetzt',
      fr: 'Remplacé par un billet plus récent',
      es: 'Sustituida por una entrada más reciente',
      ar: 'استُبدلت بتذكرة أحدث',
    },
    hint: {
      en: 'The organiser has issued it again. Ask for the new link.',
      de: 'Der Veranstalter hat es neu ausgestellt. Bitten Sie um den neuen Link.',
      fr: 'L’organisateur l’a émis à nouveau. Demandez le nouveau lien.',
      es: 'El organizador la ha emitido de nuevo. Pida el enlace nuevo.',
      ar: 'أصدرها المنظّم من جديد. اطلب الرابط الجديد.',
    },
  },
  revoked: {
    title: { en: 'Cancelled', de: 'Storniert', fr: 'Annulé', es: 'Anulada', ar: 'أُلغيت' },
    hint: {
      en: 'Ask whoever sold you the ticket.',
      de: 'Fragen Sie den Verkäufer.',
      fr: 'Adressez-vous au vendeur.',
      es: 'Pregunte a quien se la vendió.',
      ar: 'اسأل من باعك التذكرة.',
    },
  },
  unpaid: {
    title: {
      en: 'Not paid yet',
      de: 'Noch nicht bezahlt',
      fr: 'Pas encore payé',
      es: 'Todavía sin pagar',
      ar: 'لم تُدفع بعد',
    },
    hint: {
      en: 'The code appears as soon as it is.',
      de: 'Der Code erscheint, sobald bezahlt ist.',
      fr: 'Le code s’affiche dès que le paiement est fait.',
      es: 'El código aparece en cuanto se pague.',
      ar: 'يظهر الرمز فور الدفع.',
    },
  },
  blocked: {
    title: { en: 'Blocked', de: 'Gesperrt', fr: 'Bloqué', es: 'Bloqueada', ar: 'موقوفة' },
    hint: {
      en: 'Please see staff at the venue.',
      de: 'Bitte wenden Sie sich an das Personal.',
      fr: 'Adressez-vous au personnel sur place.',
      es: 'Diríjase al personal del recinto.',
      ar: 'يُرجى التوجّه إلى الموظفين في المكان.',
    },
  },
  'method-off': {
    title: {
      en: 'No codes on phones for this ticket',
      de: 'Keine Codes auf Handys für dieses Ticket',
      fr: 'Pas de code sur téléphone pour ce billet',
      es: 'Esta entrada no tiene código en el móvil',
      ar: 'لا يوجد رمز على الهاتف لهذه التذكرة',
    },
    hint: {
      en: 'Please use the ticket that you were sent.',
      de: 'Bitte benutzen Sie das Ticket, das Sie bekommen haben.',
      fr: 'Utilisez le billet que vous avez reçu.',
      es: 'Use la entrada que recibió.',
      ar: 'يُرجى استخدام التذكرة التي وصلتك.',
    },
  },
};
