// The doctor's look at the agent itself: what a running one says of itself, or whether its port is free for it to start.
import { createServer } from 'node:net';
import { discoversGates, type GateConfig } from '../config.ts';
import { fail, warn, well, type DoctorDeps, type Finding } from './doctor-finding.ts';
import { splitAddress } from '../replication/lan-peer.ts';
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
  return [
    well('agent', 'not running'),
    await checkPort('local port', local.listen, local.port, fail, '[local] listen and port'),
    ...(await checkLanPort(lan.listen)),
  ];
}

/** Without it the gate lets people in all the same. */
async function checkLanPort(address: string | undefined): Promise<readonly Finding[]> {
  if (address === undefined) return [];
  const { host, port } = splitAddress(address);
  return [await checkPort('other gates', host, port, warn, '[lan] listen')];
}

async function checkPort(
  what: string,
  host: string,
  port: number,
  complain: typeof fail,
  keys: string,
): Promise<Finding> {
  const trouble = await tryPort(host, port);
  if (trouble === undefined) return well(what, port === 0 ? 'any free port' : `${host}:${port} is free`);
  const next =
    trouble === 'EADDRINUSE'
      ? `see who has it (ss -ltnp 'sport = :${port}'), or set another port: ${keys} in gate.toml`
      : `correct ${keys} in gate.toml`;
  return complain(what, `${host}:${port} cannot be used (${trouble})`, next);
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
