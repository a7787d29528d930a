// The port to whatever delivers mail. Without one, links cannot be sent: that is logged, never the link.
import type { Logger } from '@postern/shared';

export interface Mail {
  readonly to: string;
  /** `confirm`: finish signing up; `known`: somebody signed up with an address that has an account; `reset`: set a new password. */
  readonly kind: 'confirm' | 'known' | 'reset';
  /** For `confirm` and `reset`. Whoever has it can use it: for the mail only. */
  readonly link?: string;
  readonly language?: string;
}

export interface Mailer {
  /** Whether mail arrives anywhere: without it, addresses are not confirmed. */
  readonly isConfigured: boolean;
  readonly send: (mail: Mail) => Promise<void>;
}

export const createNoMailer = (log: Logger): Mailer => ({
  isConfigured: false,
  send: async ({ kind }) => log.warn({ kind }, 'no mail is configured: nothing was sent'),
});

/** Sends without making anybody wait: how long it takes must not tell whether there was something to send. */
export function sendLater(mailer: Mailer, log: Logger, mail: Mail): void {
  mailer.send(mail).catch((cause: unknown) => {
    log.error({ kind: mail.kind, cause: cause instanceof Error ? cause.name : 'unknown' }, 'mail was not sent');
  });
}
