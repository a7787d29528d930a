// `gate-agent doctor`: looks at everything that a gate needs, from Node to the turnstile, and says for each thing whether it is well,
// and if not, what to do next. It changes nothing and may run beside the agent. For the technician at the gate.
import { ready } from '@postern/shared';
import { eventsOf, type GateConfig } from '../config.ts';
import { checkAgent } from './doctor-agent.ts';
import { checkActuator, checkFireInput, checkReader, checkSharedInput, checkSignal } from './doctor-devices.ts';
import { checkSharedReaders, checkWiring } from './doctor-wiring.ts';
import { fail, well, type DoctorDeps, type Finding } from './doctor-finding.ts';
import { checkRevoked, checkSeal } from './doctor-seal.ts';
import { checkNfcReader, checkSunKeys, isNfc } from './doctor-nfc.ts';
import {
  checkClock,
  checkCloud,
  checkDisk,
  checkFeed,
  checkFolder,
  checkIdentity,
  checkJournal,
  checkNode,
  checkReplica,
  checkServiceManager,
} from './doctor-machine.ts';

/** The findings in the order in which they should be mended. */
export async function examine(deps: DoctorDeps): Promise<readonly Finding[]> {
  await ready;
  const { config } = deps.folder;
  const machine = [checkNode(deps), ...checkServiceManager(deps), ...(await checkFolder(deps)), await checkDisk(deps)];
  if (!config.ok) {
    const next =
      config.error.type === 'config-unreadable'
        ? 'is this the right folder? --data DIR names another one'
        : 'correct that line; every key is explained in the README';
    return [...machine, ...config.error.message.split('\n').map((complaint) => fail('configuration', complaint, next))];
  }
  const known = [
    ...machine,
    well('configuration', deps.folder.configPath),
    ...(await checkIdentity(config.value, deps)),
  ];
  const revoked = checkRevoked(deps);
  // Nothing else about it is worth mending.
  if (revoked !== undefined) return [...known, revoked];
  const lanes: Finding[] = [];
  for (const lane of config.value.lanes) {
    for (const uri of lane.readers)
      lanes.push(isNfc(uri) ? await checkNfcReader(lane.id, uri, deps.probeNfc) : checkReader(lane.id, uri, deps));
    if (lane.faceCamera !== undefined) lanes.push(checkReader(lane.id, lane.faceCamera, deps));
    lanes.push(checkActuator(lane, deps), ...checkSignal(lane, deps));
  }
  return [
    ...known,
    await checkSeal(deps),
    ...(await checkEvents(config.value, deps)),
    await checkClock(config.value, deps),
    await checkCloud(config.value, deps),
    ...lanes,
    ...checkSharedInput(config.value),
    ...checkSharedReaders(config.value),
    ...(await checkSunKeys(config.value)),
    ...checkWiring(config.value),
    ...checkFireInput(config.value, deps),
    ...(await checkAgent(config.value, deps)),
  ];
}

/** Where there are several, each finding says of which. */
async function checkEvents(config: GateConfig, deps: DoctorDeps): Promise<readonly Finding[]> {
  const events = eventsOf(config);
  const key = deps.folder.diskKey();
  // Without it nothing can be said of what it seals.
  if (!key.ok) return [];
  const findings: Finding[] = [];
  for (const event of events)
    for (const finding of [
      checkJournal(event, key.value, deps),
      checkReplica(event, key.value, deps),
      ...(await checkFeed(event, config, key.value, deps)),
    ])
      findings.push(events.length === 1 ? finding : { ...finding, text: `event ${event.id}: ${finding.text}` });
  return findings;
}

const symbols: Readonly<Record<Finding['level'], string>> = { ok: '✓', warn: '!', fail: '✗' };
const aboutCharsMax = 14;

export const renderFinding = ({ level, about, text, next }: Finding): string =>
  `${symbols[level]} ${about.padEnd(aboutCharsMax)} ${text}${next === undefined ? '' : `\n  ${' '.repeat(aboutCharsMax)} → ${next}`}`;

/** One line that sums up. */
export function renderVerdict(findings: readonly Finding[]): string {
  const fails = findings.filter(({ level }) => level === 'fail').length;
  const warnings = findings.filter(({ level }) => level === 'warn').length;
  const also = warnings === 0 ? '' : `, ${warnings} to keep an eye on`;
  return fails === 0
    ? `✓ This gate can work${also}.`
    : `✗ ${fails} thing${fails === 1 ? '' : 's'} to mend before this gate can work${also}.`;
}

/** 0: nothing fails; 1: something does. */
export const doctorExitCode = (findings: readonly Finding[]): number =>
  findings.some(({ level }) => level === 'fail') ? 1 : 0;
