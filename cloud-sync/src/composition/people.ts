// Who may ask: accounts and roles, signing in by password, link, session, bearer token, API key or an OpenID provider.
import type { AppDeps } from '../app.ts';
import { createAccessTokens } from '../services/access-tokens.ts';
import { createAccounts } from '../services/accounts.ts';
import { createActors } from '../services/actor.ts';
import { createApiKeys } from '../services/api-keys.ts';
import { createClients } from '../services/clients.ts';
import { createForgetPerson } from '../services/forget-person.ts';
import { createMembers } from '../services/members.ts';
import { createOauth } from '../services/oauth.ts';
import { createOidc } from '../services/oidc.ts';
import { createPasswords } from '../services/passwords.ts';
import { createResetLinks } from '../services/reset-links.ts';
import { createSessions } from '../services/sessions.ts';
import { createUserAdmin } from '../services/user-admin.ts';
import { createUsers } from '../services/users.ts';
import type { Foundation } from './foundation.ts';

export type People = Pick<
  AppDeps,
  | 'users'
  | 'members'
  | 'sessions'
  | 'accounts'
  | 'resetLinks'
  | 'userAdmin'
  | 'clients'
  | 'apiKeys'
  | 'accessTokens'
  | 'oauth'
  | 'oidc'
  | 'actors'
>;

export function createPeople(foundation: Foundation): People {
  const { config, database, clock, random, audit, limiter } = foundation;
  const withPasswords = { ...foundation, passwords: createPasswords(random) };
  const clients = createClients({ database, clock, random });
  const accessTokens = createAccessTokens(foundation);
  return {
    users: createUsers({ database, clock, random, limiter }),
    members: createMembers({ database, clock }),
    sessions: createSessions({ database, clock, random }),
    accounts: createAccounts({ ...withPasswords, forgetPerson: createForgetPerson({ audit, clock }) }),
    resetLinks: createResetLinks(withPasswords),
    userAdmin: createUserAdmin({ database, clock, random }),
    clients,
    apiKeys: createApiKeys({ database, clock, random }),
    accessTokens,
    oauth: createOauth({ database, clock, random, clients, accessTokens, limiter }),
    oidc: createOidc({ ...foundation, settings: config.oidc }),
    actors: createActors(database),
  };
}
