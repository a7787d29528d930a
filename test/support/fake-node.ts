// A node of a chain that says what a test wants: by default a small chain of its own with the contract's logs, told truthfully; any method of it
// can be made to lie, refuse or hang. Real HTTP on a free port, no chain behind it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventTopics } from '../../cloud-sync/src/services/nft/logs.ts';

export const fakeContract = `0x${'c0'.repeat(20)}` as const;
export const fakeChainId = 7;

export interface FakeLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly logIndex: string;
}

type Answer = (params: readonly unknown[], truth: () => unknown) => unknown;

export interface FakeNode {
  readonly url: string;
  /** The last block; those below are there. */
  head: number;
  /** Told apart in hashes: with another one the chain from `forkAt` on is another. */
  branch: string;
  forkAt: number;
  readonly logs: FakeLog[];
  /** What a method answers instead: a result, `hang`, or an error by throwing. */
  readonly answers: Map<string, Answer>;
  /** What was asked, by method. */
  readonly asked: Map<string, number>;
  /** Transactions that were sent, raw. */
  readonly sent: string[];
  readonly hashOf: (block: number) => string;
  readonly transfer: (block: number, token: string, from: string, to: string) => FakeLog;
  readonly stop: () => Promise<void>;
}

export const hang = Symbol('hang');
export class RpcRefusal extends Error {}

const word = (value: number | bigint | string): string =>
  `0x${(typeof value === 'string' ? value.replace(/^0x/, '') : value.toString(16)).padStart(64, '0')}`;
const quantity = (value: number): string => `0x${value.toString(16)}`;

export async function startFakeNode(): Promise<FakeNode> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, params } = JSON.parse(Buffer.concat(chunks).toString()) as { method: string; params: unknown[] };
      node.asked.set(method, (node.asked.get(method) ?? 0) + 1);
      let body: string;
      try {
        const truth = (): unknown => tell(method, params);
        const answer = node.answers.get(method);
        const result = answer === undefined ? truth() : answer(params, truth);
        if (result === hang) return;
        body = typeof result === 'string' && result.startsWith('raw:') ? result.slice(4) : JSON.stringify({ result });
      } catch (cause) {
        body = JSON.stringify({ error: { code: -32_000, message: cause instanceof Error ? cause.message : 'no' } });
      }
      response.setHeader('Content-Type', 'application/json');
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const tell = (method: string, params: readonly unknown[]): unknown => {
    switch (method) {
      case 'eth_chainId':
        return quantity(fakeChainId);
      case 'eth_call':
        return word(1);
      case 'eth_blockNumber':
        return quantity(node.head);
      case 'eth_getBlockByNumber': {
        const number = params[0] === 'latest' ? node.head : Number(params[0]);
        if (number > node.head) return null;
        return {
          number: quantity(number),
          hash: node.hashOf(number),
          timestamp: quantity(1_000 + number),
          baseFeePerGas: '0x1',
        };
      }
      case 'eth_getLogs': {
        const [{ fromBlock, toBlock }] = params as [{ fromBlock: string; toBlock: string }];
        return node.logs.filter(
          ({ blockNumber }) => Number(blockNumber) >= Number(fromBlock) && Number(blockNumber) <= Number(toBlock),
        );
      }
      case 'eth_getTransactionCount':
      case 'eth_maxPriorityFeePerGas':
        return '0x0';
      case 'eth_estimateGas':
        return '0x5208';
      case 'eth_sendRawTransaction':
        node.sent.push(String(params[0]));
        return word(node.sent.length);
      case 'eth_getTransactionReceipt':
        return null;
      default:
        throw new RpcRefusal(`the method ${method} does not exist`);
    }
  };
  const node: FakeNode = {
    url: `http://127.0.0.1:${port}`,
    head: 100,
    branch: 'a',
    forkAt: Number.POSITIVE_INFINITY,
    logs: [],
    answers: new Map(),
    asked: new Map(),
    sent: [],
    hashOf: (block) => word(`${block >= node.forkAt ? node.branch : 'a'}${block.toString(16).padStart(16, '0')}`),
    transfer: (block, token, from, to) => ({
      address: fakeContract,
      topics: [eventTopics.transfer, word(from), word(to), token],
      data: '0x',
      blockNumber: quantity(block),
      blockHash: node.hashOf(block),
      logIndex: quantity(node.logs.filter(({ blockNumber }) => Number(blockNumber) === block).length),
    }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
  return node;
}
