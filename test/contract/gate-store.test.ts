import { createGateStoreHarness } from '../support/gate-store-harness.ts';
import { describeStoreContract } from './store.ts';

describeStoreContract('the gate on SQLite', () => createGateStoreHarness());
