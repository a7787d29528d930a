// A code as a picture: black on white whatever the colours of the page are, since readers expect it so.
import { qrModules, qrPath, qrQuietModules } from '@postern/shared';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';

export function QrCode({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const { path, side } = useMemo(() => {
    const modules = qrModules(text);
    return { path: qrPath(modules), side: modules.length + 2 * qrQuietModules };
  }, [text]);
  return (
    <svg class="qr-code" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={label}>
      <rect width="100%" height="100%" fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
