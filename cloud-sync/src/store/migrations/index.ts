// The list of migrations, by name and in order. A published one never changes.
import type { Migration } from 'kysely';
import { start } from './0001-start.ts';
import { keys } from './0002-keys.ts';
import { audit } from './0003-audit.ts';
import { people } from './0004-people.ts';
import { tickets } from './0005-tickets.ts';
import { methods } from './0006-methods.ts';
import { feedParts } from './0007-feed-parts.ts';
import { limits } from './0008-limits.ts';
import { revokedGates } from './0009-revoked-gates.ts';
import { cases } from './0010-cases.ts';
import { correctedUses } from './0011-corrected-uses.ts';
import { bindings } from './0012-bindings.ts';
import { gateEvents } from './0013-gate-events.ts';
import { bands } from './0014-bands.ts';
import { jobs } from './0015-jobs.ts';
import { webhooks } from './0016-webhooks.ts';
import { ticketFiles } from './0017-ticket-files.ts';
import { pretix } from './0018-pretix.ts';
import { geofence } from './0021-geofence.ts';
import { nft } from './0022-nft.ts';
import { tokenWallets } from './0023-token-wallets.ts';
import { face } from './0024-face.ts';
import { claim } from './0026-claim.ts';
import { walletHolders } from './0027-wallet-holders.ts';
import { gateVitals } from './0028-gate-vitals.ts';
import { story } from './0029-story.ts';
import { rehearsal } from './0030-rehearsal.ts';
import { ticketLanguage } from './0031-ticket-language.ts';
import { surnames } from './0032-surnames.ts';
import { publicAddress } from './0033-public-address.ts';

export const migrations: Readonly<Record<string, Migration>> & Record<string, Migration> = {
  '0001-start': start,
  '0002-keys': keys,
  '0003-audit': audit,
  '0004-people': people,
  '0005-tickets': tickets,
  '0006-methods': methods,
  '0007-feed-parts': feedParts,
  '0008-limits': limits,
  '0009-revoked-gates': revokedGates,
  '0010-cases': cases,
  '0011-corrected-uses': correctedUses,
  '0012-bindings': bindings,
  '0013-gate-events': gateEvents,
  '0014-bands': bands,
  '0015-jobs': jobs,
  '0016-webhooks': webhooks,
  '0017-ticket-files': ticketFiles,
  '0018-pretix': pretix,
  '0021-geofence': geofence,
  '0022-nft': nft,
  '0023-token-wallets': tokenWallets,
  '0024-face': face,
  '0026-claim': claim,
  '0027-wallet-holders': walletHolders,
  '0028-gate-vitals': gateVitals,
  '0029-story': story,
  '0030-rehearsal': rehearsal,
  '0031-ticket-language': ticketLanguage,
  '0032-surnames': surnames,
  '0033-public-address': publicAddress,
};
