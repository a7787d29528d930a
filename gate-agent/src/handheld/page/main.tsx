// The page paints at once, small as it is; what makes the phone a gate (libsodium, Automerge, the code reader) follows.
import { render } from 'preact';

const root = document.getElementById('page') ?? document.body;
const isGerman = navigator.language.toLowerCase().startsWith('de');
document.documentElement.lang = isGerman ? 'de' : 'en';
const texts = isGerman
  ? {
      starts: 'Startet …',
      broken: 'Das Handgerät kann hier nicht starten',
      next: 'Seite neu laden, oder ein anderes Gerät nehmen.',
    }
  : {
      starts: 'Starting …',
      broken: 'The handheld cannot start here',
      next: 'Load the page again, or take another phone.',
    };

render(
  <main class="alone">
    <h1>Postern</h1>
    <p role="status">{texts.starts}</p>
  </main>,
  root,
);

import('./run.tsx')
  .then(({ run }) => run(root))
  .catch((cause: unknown) => {
    render(
      <main class="alone">
        <h1>{texts.broken}</h1>
        <p>{texts.next}</p>
        <small>{cause instanceof Error ? cause.message : String(cause)}</small>
      </main>,
      root,
    );
  });
