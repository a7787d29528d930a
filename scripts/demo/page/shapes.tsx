// One shape for each thing that can happen, so that nobody needs to tell colours apart.
import type { Tone } from '../page-state.ts';

const paths: Readonly<Record<Tone, { readonly outline: string; readonly sign: string; readonly name: string }>> = {
  welcome: {
    outline: 'M12 1.5a10.5 10.5 0 1 1 0 21a10.5 10.5 0 0 1 0-21z',
    sign: 'M7 12.5l3.4 3.4L17 9',
    name: 'Welcome',
  },
  refused: {
    outline: 'M7.6 1.5h8.8l6.1 6.1v8.8l-6.1 6.1H7.6l-6.1-6.1V7.6z',
    sign: 'M8 8l8 8M16 8l-8 8',
    name: 'Refused',
  },
  wait: {
    outline:
      'M4.5 2h15A2.5 2.5 0 0 1 22 4.5v15a2.5 2.5 0 0 1-2.5 2.5h-15A2.5 2.5 0 0 1 2 19.5v-15A2.5 2.5 0 0 1 4.5 2z',
    sign: 'M9.2 7.5v9M14.8 7.5v9',
    name: 'One moment',
  },
  alarm: { outline: 'M12 1.8 23 21.6H1z', sign: 'M12 9v6M12 18v.4', name: 'Attention' },
  info: { outline: 'M12 7.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9z', sign: '', name: 'Note' },
};

export function Shape({ tone, size = 22 }: { readonly tone: Tone; readonly size?: number }) {
  const { outline, sign, name } = paths[tone];
  return (
    <svg class={`shape ${tone}`} width={size} height={size} viewBox="0 0 24 24" role="img" aria-label={name}>
      <path class="outline" d={outline} />
      {sign === '' ? undefined : <path class="sign" d={sign} />}
    </svg>
  );
}
