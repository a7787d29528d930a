// One-time links lead to this page too: `#reset=…` to choose a password, `#confirm=…` to finish signing up. Servers never see what is behind
// the `#`.
export interface OneTimeLink {
  readonly kind: 'reset' | 'confirm';
  readonly token: string;
}

/** `section`: the address without its `#`. */
export function readLink(section: string): OneTimeLink | undefined {
  const found = /^(reset|confirm)=([A-Za-z0-9_-]{1,2000})$/.exec(section);
  const [, kind, token] = found ?? [];
  return token === undefined ? undefined : { kind: kind === 'reset' ? 'reset' : 'confirm', token };
}
