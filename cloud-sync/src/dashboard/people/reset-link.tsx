// A one-time link with which somebody chooses a password: asked for with what it means, then shown once.
import type { ResetLink } from '@postern/shared';
import { Button, Dialog } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { dateAndTime } from '../format.ts';
import { say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { browserZone } from '../parts/browser-zone.ts';
import { orProblem } from '../parts/problem.tsx';
import { ShownOnce } from '../parts/secret.tsx';
import { labels, linkUntilText, resetText, resetTitle } from './messages.ts';

export function ResetLinkButton({ path, name }: { readonly path: string; readonly name: string }): JSX.Element {
  const [link, setLink] = useState<ResetLink>();
  return (
    <>
      <AskingButton
        kind="quiet"
        label={say(labels.resetLink)}
        about={name}
        title={say(resetTitle(name))}
        consequence={say(resetText)}
        act={say(labels.resetLink)}
        onConfirm={async () => orProblem(await ask<ResetLink>('POST', path), setLink)}
      />
      {link !== undefined && <ResetLinkDialog link={link} name={name} onClose={() => setLink(undefined)} />}
    </>
  );
}

export const ResetLinkDialog = ({
  link,
  name,
  onClose,
}: {
  readonly link: ResetLink;
  readonly name: string;
  readonly onClose: () => void;
}): JSX.Element => (
  <Dialog
    open
    title={name}
    actions={
      <Button kind="primary" onClick={onClose}>
        {say(labels.done)}
      </Button>
    }
  >
    <ShownOnce label={say(labels.resetLink)} text={link.link} />
    <p>{say(labels.resetLinkFor)}</p>
    <p class="muted">{say(linkUntilText(dateAndTime(link.expiresAtMs, browserZone())))}</p>
  </Dialog>
);
