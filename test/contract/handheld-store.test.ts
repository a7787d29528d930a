import { createHandheldStoreHarness } from '../support/handheld-store-harness.ts';
import { describeStoreContract } from './store.ts';

describeStoreContract('the handheld on IndexedDB', createHandheldStoreHarness);
