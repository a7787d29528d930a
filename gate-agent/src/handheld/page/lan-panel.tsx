// The gates on this network: whether this phone reaches them, what stands in the way, and what to do about it, with the certificate that phones
// have to know for it.
import type { JSX } from 'preact';
import type { StaffSaying } from '@postern/shared';
import { Banner, Button, Panel, type Tone } from '@postern/shared/ui';
import type { LanAccess } from '../core/lan-access.ts';
import { labels, sayings } from './texts.ts';
import { say, usePage } from './page.ts';

function sayingOf(access: LanAccess): readonly [Tone, StaffSaying] {
  switch (access.type) {
    case 'none':
      return ['plain', sayings.lanNone];
    case 'ask':
      return ['busy', sayings.lanAsk];
    case 'denied':
      return ['warn', sayings.lanDenied];
    case 'allowed':
      return access.answering.length > 0 ? ['good', sayings.lanGood] : ['warn', sayings.lanNobody];
  }
}

export function LanPanel(): JSX.Element {
  const { handheld, fingerprint } = usePage();
  const access = handheld.lanAccess.value;
  const [tone, saying] = sayingOf(access);
  return (
    <Panel title={say(labels.gatesOnNetwork)}>
      <Banner
        tone={tone}
        action={
          access.type === 'ask' ? (
            <Button kind="primary" onClick={() => void handheld.askForLan()}>
              {say(labels.reachGates)}
            </Button>
          ) : undefined
        }
      >
        <strong>{say(saying.title)}.</strong> {saying.hint !== undefined && say(saying.hint)}
        {access.type === 'allowed' && access.answering.map(handheld.gateName).join(', ')}
      </Banner>
      {fingerprint !== undefined && (
        <details>
          <summary>{say(labels.installAuthority)}</summary>
          <p>
            <a href="./gates.crt" download>
              gates.crt
            </a>
          </p>
          <p>
            {say(labels.fingerprint)}: <code class="fingerprint">{fingerprint}</code>
          </p>
        </details>
      )}
    </Panel>
  );
}
