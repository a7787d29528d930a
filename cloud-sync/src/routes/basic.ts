// HTTP Basic (RFC 7617): name and password as they were sent.

/** Undefined where the header is none, is too long for any that we give out, or has control characters, which RFC 7617 2 forbids. */
export function readBasic(header: string): { readonly user: string; readonly password: string } | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]{1,1000}={0,2})$/i.exec(header)?.[1];
  const [, user, password] = /^([^:\p{Cc}]*):(\P{Cc}*)$/u.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  return user === undefined || password === undefined ? undefined : { user, password };
}
