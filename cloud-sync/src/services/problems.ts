// Expected failures of the services, with the HTTP status each becomes. One list, so that a route cannot answer with a code nobody knows.

export const problemStatuses = {
  'request-invalid': 400,
  'json-malformed': 400,
  'sync-malformed': 400,
  'sign-in-needed': 401,
  'token-invalid': 401,
  'nonce-needed': 401,
  'code-invalid': 403,
  'event-forbidden': 403,
  'role-too-low': 403,
  'scope-too-narrow': 403,
  'not-found': 404,
  'event-unknown': 404,
  'ticket-unknown': 404,
  'gate-unknown': 404,
  'user-unknown': 404,
  'file-unknown': 404,
  'feed-unpublished': 404,
  'event-exists': 409,
  'ticket-exists': 409,
  'gate-in-other-event': 409,
  'body-too-large': 413,
  'content-type-unsupported': 415,
  'type-unknown': 422,
  'zone-unknown': 422,
  'types-repeated': 422,
  'csr-malformed': 422,
  'csr-signature-invalid': 422,
  'csr-key-mismatch': 422,
  'ticket-has-foreign-code': 422,
  'attempts-exhausted': 429,
  'internal-error': 500,
} as const;
export type ProblemType = keyof typeof problemStatuses;

const titles: Readonly<Record<ProblemType, string>> = {
  'request-invalid': 'The request does not have the expected form',
  'json-malformed': 'The body is not JSON',
  'sync-malformed': 'The body is not a sync message',
  'sign-in-needed': 'Sign in, or send Authorization: Bearer with a token',
  'token-invalid': 'The token does not prove who sent this',
  'nonce-needed': 'Sign this request again with the nonce in this answer',
  'code-invalid': 'The enrolment code is wrong, used or too old',
  'event-forbidden': 'Not for this event',
  'role-too-low': 'Your role does not allow this',
  'scope-too-narrow': 'The token has no scope for this',
  'not-found': 'There is nothing at this address',
  'event-unknown': 'There is no such event',
  'ticket-unknown': 'There is no such ticket',
  'gate-unknown': 'There is no such gate',
  'user-unknown': 'There is no such user',
  'file-unknown': 'There is no such file',
  'feed-unpublished': 'Nothing has been published for this event yet',
  'event-exists': 'There is already an event with this number',
  'ticket-exists': 'There is already a ticket with this code',
  'gate-in-other-event': 'A gate of another event has this id',
  'body-too-large': 'The body is too large',
  'content-type-unsupported': 'The body has an unexpected content type',
  'type-unknown': 'The event has no such ticket type',
  'zone-unknown': 'The event has no such zone',
  'types-repeated': 'Two types or two zones have the same id',
  'csr-malformed': 'The certificate request is not PKCS#10',
  'csr-signature-invalid': 'The certificate request is not signed by its own key',
  'csr-key-mismatch': 'The certificate request is for another key',
  'ticket-has-foreign-code': 'Somebody else printed the code of this ticket',
  'attempts-exhausted': 'Too many attempts, wait a minute',
  'internal-error': 'Something is wrong on this side',
};

export const problemTitle = (type: ProblemType): string => titles[type];

/** What a service answers when it cannot do as asked. */
export interface Failure {
  readonly type: ProblemType;
  readonly detail?: string;
}
