import type { Progress } from '../../../src/terminal/progress.js';
import type { GavelProcess } from '../../support/gavelProcesses.js';
import { LEAD } from './bodies.js';
import { exchange } from './exchange.js';
import { faultOf } from './judge.js';
import { CUT_REQUESTS, requestOf, type FuzzRequest, type Known } from './request.js';
import type { Target } from './routes.js';

/** The running APIs and their routes. */
export interface Field {
  known: Known;
  processes: Record<Target, GavelProcess & { address: string }>;
}

export interface FuzzOptions {
  seed: number;
  /** When no further request starts; truncated bodies are all sent first. */
  seconds: number;
  progress: Progress;
  signal?: AbortSignal;
  /** Sends only this request. */
  only?: number;
}

/** A request that broke a promise. */
export interface Finding {
  number?: number;
  fault: string;
  request?: FuzzRequest;
}

export interface FuzzResult {
  seed: number;
  requests: number;
  /** Number of answers by status; 0: no answer. */
  statuses: Map<number, number>;
  findings: Finding[];
}

/** Concurrent connections. */
const LANES = 8;
/** Longer than the Lead API's request timeout, ms. */
const PATIENCE_MS = 20_000;
const SHOW_EVERY_MS = 10_000;
/** Number of findings that ends a run early. */
const MOST_FINDINGS = 50;

/** Sends requests until the time is over or a process ends, and reports broken promises. */
export async function runFuzz(field: Field, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, seconds, progress, signal, only } = options;
  const result: FuzzResult = { seed, requests: 0, statuses: new Map(), findings: [] };
  const until = Date.now() + seconds * 1000;
  const ended = watchEnds(field, result.findings);
  let next = only ?? 0;
  const isOver = (): boolean => {
    if (ended.isOver || signal?.aborted === true || result.findings.length >= MOST_FINDINGS) return true;
    return only === undefined ? next >= CUT_REQUESTS && Date.now() >= until : next > only;
  };
  const show = setInterval(() => {
    const left = Math.max(0, Math.round((until - Date.now()) / 1000));
    progress(`seed ${seed}: ${result.requests} requests, ${result.findings.length} findings, ${left} s left`);
  }, SHOW_EVERY_MS);
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      while (!isOver()) await sendOne(field, seed, (next += 1) - 1, result);
    }),
  );
  clearInterval(show);
  if (!ended.isOver && signal?.aborted !== true) {
    await checkAfter(field).then(
      (faults) => result.findings.push(...faults.map((fault) => ({ fault }))),
      (error: unknown) =>
        result.findings.push({ fault: `an API does not answer any more: ${String(error)}` }),
    );
  }
  ended.isOver = true;
  return result;
}

async function sendOne(field: Field, seed: number, number: number, result: FuzzResult): Promise<void> {
  const request = requestOf(field.known, seed, number);
  const answer = await exchange(field.processes[request.target].address, request, PATIENCE_MS);
  const [status = 0] = answer.statuses;
  result.requests += 1;
  result.statuses.set(status, (result.statuses.get(status) ?? 0) + 1);
  const fault = faultOf(request, answer);
  if (fault !== undefined) result.findings.push({ number, fault, request });
}

/** A process that ends is the last finding. */
function watchEnds({ processes }: Field, findings: Finding[]): { isOver: boolean } {
  const state = { isOver: false };
  for (const [target, gavel] of Object.entries(processes)) {
    void gavel.ended.then((how) => {
      if (state.isOver) return;
      state.isOver = true;
      findings.push({ fault: `the process of ${target} has ended (${how}): ${gavel.log().slice(-3000)}` });
    });
  }
  return state;
}

/** Output that shows a fault of a process. */
const BAD_LINE = /uncaught|unhandled|"event":"broken"|Warning:/i;
const PERSON = new RegExp(`${LEAD.firstName}|${LEAD.lastName}`, 'i');

/** Checks that both processes still work, and that their logs show no fault, personal data or key. */
async function checkAfter({ known, processes }: Field): Promise<string[]> {
  const faults: string[] = [];
  for (const [target, gavel] of Object.entries(processes)) {
    const { status } = await fetch(`${gavel.address}/${target === 'api' ? 'ready' : 'health'}`);
    if (status !== 200) faults.push(`${target} says of itself ${status}`);
    const log = gavel.log();
    const lines = log.split('\n').filter((line) => BAD_LINE.test(line) || PERSON.test(line));
    faults.push(...lines.slice(0, 5).map((line) => `${target} logged ${line.slice(0, 1000)}`));
    if (Object.values(known.keys).some((key) => log.includes(key))) faults.push(`${target} logged a key`);
  }
  const response = await fetch(`${processes.admin.address}/admin/market`, {
    headers: { authorization: `Bearer ${known.keys.admin}` },
  });
  if (response.status !== 200) faults.push(`the market is answered ${response.status} afterwards`);
  return faults;
}

/** Formats a finding with every byte of the request. */
export function describeFinding({ number, fault, request }: Finding): string {
  const sent = request?.pieces.map((piece) => JSON.stringify(piece.toString('latin1').slice(0, 2000))) ?? [];
  const name = number === undefined ? '' : `request ${number} (${request?.target}, ${request?.ending}): `;
  return `${name}${fault}${sent.map((piece) => `\n    ${piece}`).join('')}`;
}
