import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { pickSettings } from '../../../config.js';
import type { ServerAnswer } from '../../../local/signedServer.js';
import {
  PROFILE_NAMES,
  PROFILES,
  startSimulatedBuyer,
  type ProfileName,
  type Seen,
} from '../../../local/simulatedBuyer.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { colors, print, printJson } from '../../../terminal/print.js';
import { onStopRequest } from '../../../terminal/stopRequest.js';
import { localCommand } from '../../useAdmin.js';

interface Options {
  profile: ProfileName;
  host: string;
  port: number;
  brief: boolean;
  json: boolean;
}

const PROFILE_HELP = PROFILE_NAMES.map((name) => `  ${name.padEnd(10)} ${PROFILES[name].about}`).join('\n');

/** `gavel buyers simulate` */
export function buyersSimulateCommand(): Command {
  return localCommand('simulate', 'the simulated buyer runs here. Leave --remote out.')
    .description('run a buyer’s server that behaves as its profile says, and print each request')
    .addOption(
      new Option('--profile <name>', 'how it behaves').choices(PROFILE_NAMES).default('steady' as const),
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 takes a free one', portOf, 8080)
    .option('--brief', 'print one line for each request, without its body', false)
    .option('--json', 'print each request and its answer as a line of JSON', false)
    .addHelpText(
      'after',
      `\nProfiles:\n${PROFILE_HELP}\n\nIt checks signatures with GAVEL_SECRET; without it, it makes a secret and prints it.`,
    )
    .action(simulate);
}

async function simulate({ profile, host, port, brief, json }: Options): Promise<void> {
  const { GAVEL_SECRET } = pickSettings(['GAVEL_SECRET']);
  const secret = GAVEL_SECRET ?? `whsec_${randomBytes(24).toString('base64')}`;
  const tell = (seen: Seen): void => (json ? printJson(seen, 0) : print(inWords(seen, { brief })));
  const server = await startSimulatedBuyer({ profile, host, port, secret }, tell).catch((error: unknown) => {
    throw new CommandFailed(
      `${host}:${port} can't be listened on: ${error instanceof Error ? error.message : String(error)}. Choose another --port.`,
    );
  });
  if (!json) {
    const { port: taken } = server.address() as AddressInfo;
    print(`A ${profile} buyer listens at http://${host}:${taken}/ (${PROFILES[profile].about}).`);
    if (GAVEL_SECRET === undefined) print(`Its secret: ${secret}`);
    print('Stop it with Ctrl-C.');
  }
  const stop = onStopRequest(() => process.exit(1));
  await stopped(server, stop.signal);
  stop.dispose();
}

const stopped = (server: Server, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  });

function inWords({ at, isSigned, request, answer }: Seen, { brief }: Pick<Options, 'brief'>): string {
  const type = typeof request === 'object' && request !== null && 'type' in request ? request.type : '?';
  const mark = isSigned ? '' : colors.yellow(' not signed');
  const line = `${colors.dim(at.toISOString().slice(11, 23))} ${String(type)}${mark} → ${answerInWords(answer)}`;
  return brief ? line : `${line}\n${JSON.stringify(request, null, 2)}`;
}

const answerInWords = (answer: ServerAnswer): string => {
  if (answer === 'hang up') return 'closes the connection';
  return `${answer.status} ${'text' in answer ? answer.text : JSON.stringify(answer.body)}`;
};

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Write a port from 0 to 65535.');
}
