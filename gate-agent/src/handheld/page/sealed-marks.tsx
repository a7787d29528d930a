// The way out of a phone that was revoked for what it had recorded: a file that only the cloud can read, for somebody to carry there.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Banner } from '@postern/shared/ui';
import { labels, sayings } from './texts.ts';
import { say, usePage } from './page.ts';

export function SealedMarks(): JSX.Element | null {
  const { handheld } = usePage();
  const state = handheld.state.value;
  const isRevoked = state.phase === 'revoked';
  const sealed = isRevoked ? state.sealed : undefined;
  const [files, setFiles] = useState<readonly string[]>([]);
  useEffect(() => {
    const addresses: string[] = [];
    let left = false;
    const show = async (): Promise<void> => {
      for (const file of await handheld.sealedMarks())
        addresses.push(URL.createObjectURL(new Blob([Uint8Array.from(file)], { type: 'application/octet-stream' })));
      if (left) release();
      else setFiles([...addresses]);
    };
    const release = (): void => addresses.splice(0).forEach((address) => URL.revokeObjectURL(address));
    void show();
    return () => {
      left = true;
      release();
    };
  }, [sealed]);
  const isLeft = isRevoked && state.hasUnsealed;
  if (files.length === 0 && !isLeft) return null;
  return (
    <>
      {isLeft && (
        <Banner tone="warn" role="status">
          <strong>{say(sayings.unsealed.title)}.</strong> {say(sayings.unsealed.hint)}
        </Banner>
      )}
      {files.length > 0 && (
        <Banner tone="busy" role="status">
          <strong>{say(sayings.sealed.title)}.</strong> {say(sayings.sealed.hint)}
          <span class="files">
            {files.map((address, index) => (
              <a key={address} class="button" href={address} download={`postern-${index + 1}.sealed`}>
                {say(labels.saveSealed)} {files.length > 1 && index + 1}
              </a>
            ))}
          </span>
        </Banner>
      )}
    </>
  );
}
