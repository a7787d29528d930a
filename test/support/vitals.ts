// Vitals of a gate that is well, for tests that change what they are about.
import { vitalsPath, vitalsResponseSchema, type GateVitals, type VitalsResponse } from '@postern/shared';
import type { TestGate } from './cloud.ts';
import { bootOfTests } from './marks.ts';
import { virtualStartMs } from './virtual-time.ts';

export const someVitals = (fields: Partial<GateVitals> = {}): GateVitals => ({
  v: 1,
  kind: 'appliance',
  version: '0.1.0',
  boot: bootOfTests,
  upS: 60,
  state: 'green',
  problems: [],
  clock: { nowMs: virtualStartMs, source: 'server', trusted: true, uncertaintyMs: 20, systemOffsetMs: 0 },
  lanes: [{ id: 'lane-1', direction: 'entry', state: 'idle' }],
  readers: [],
  events: [],
  ...fields,
});

export const postVitals = (gate: TestGate, vitals: unknown): Promise<Response> =>
  gate.request('POST', vitalsPath, Buffer.from(JSON.stringify(vitals)), { 'Content-Type': 'application/json' });

/** Fails the test unless the cloud takes it. */
export async function sendVitals(gate: TestGate, fields: Partial<GateVitals> = {}): Promise<VitalsResponse> {
  const answer = await postVitals(gate, someVitals(fields));
  if (answer.status !== 200) throw new Error(`vitals answered ${answer.status}: ${await answer.text()}`);
  return vitalsResponseSchema.parse(await answer.json());
}
