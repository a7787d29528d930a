// The doctor's look at the agent itself: what a running one says of itself, or whether its port is free for it to start.
import { createServer } from 'node:net';
import { discoversGates, type GateConfig } from '../config.ts';
import { fail, warn, well, type DoctorDeps, type Finding } from './doctor-finding.ts';
import { otherGatesText } from './other-gates.ts';
import { askRunningAgent, type AgentHealth } from './running-agent.ts';

export async function checkAgent(
  { local, lan }: GateConfig,
  { folder, fetch }: DoctorDeps,
): Promise<readonly Finding[]> {
  const agent = await askRunningAgent(folder.data, fetch);
  if (agent !== undefined) {
    const where = `process ${agent.pid}, ${agent.url}`;
    return agent.health === undefined
      ? [
          fail(
            'agent',
            `runs (${where}) but does not answer`,
            'look at its log (journalctl -u gate-agent), then restart it',
          ),
        ]
      : [well('agent', `runs (${where})`), ...otherGates(lan, agent.health), ...complaints(agent.health)];
  }
  const trouble = await tryPort(local.listen, local.port);
  const stopped = well('agent', 'not running');
  if (trouble === undefined)
    return [stopped, well('local port', local.port === 0 ? 'any free one' : `${local.listen}:${local.port} is free`)];
  const next =
    trouble === 'EADDRINUSE'
      ? `see who has it (ss -ltnp 'sport = :${local.port}'), or set another [local] port in gate.toml`
      : 'correct [local] listen and port in gate.toml';
  return [stopped, fail('local port', `${local.listen}:${local.port} cannot be used (${trouble})`, next)];
}

const otherGates = (lan: GateConfig['lan'], { contact }: AgentHealth): readonly Finding[] => {
  if (lan.listen === undefined && lan.peers.length === 0 && !discoversGates({ lan }))
    return [
      well('other gates', 'not looked for: [lan] listen = "0.0.0.0:7443" in gate.toml lets gates find each other'),
    ];
  return contact.lan === undefined ? [] : [well('other gates', otherGatesText(contact.lan))];
};

const complaints = ({ problems }: AgentHealth): readonly Finding[] =>
  problems.map(({ severity, what, next }) => (severity === 'fail' ? fail : warn)('agent', what, next));

/** The error code that listening there gives; undefined when it works. */
const tryPort = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => resolve(cause.code ?? cause.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
