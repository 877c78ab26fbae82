import { Command } from 'commander';
import type { OperationContext } from '../operations/operation.js';
import { rejectInvisibleCharacters } from '../operations/invisibleCharacters.js';
import { OUTBOUND_SETTINGS, readOutboundRules } from '../buyers/outboundRules.js';
import type { openSender } from '../buyers/send.js';
import { pickSettings, TEMPORAL_SETTINGS } from '../config.js';
import type { Database } from '../store/db.js';
import { SCOPE_NAMES } from '../store/scopes.js';
import type { openNotifier } from '../temporal/withdrawn.js';
import { cliActor } from '../terminal/currentUser.js';
import { CommandFailed } from '../terminal/commandFailed.js';
import { remoteAsk } from './remote.js';
import { useDatabase, usePersons } from '../terminal/useDatabase.js';
import type { Ask } from './ask.js';

const remotes = new WeakSet<Command>();
const whyHere = new WeakMap<Command, string>();

/** A command that does all it does by operations of the admin API, so that it works from afar too. */
export function adminCommand(name: string): Command {
  const command = new Command(name);
  remotes.add(command);
  return command;
}

/** A command that is done where the servers are and never from afar, and why. */
export function localCommand(name: string, why: string): Command {
  const command = new Command(name);
  whyHere.set(command, why);
  return command;
}

/** Where `--remote` says that a command is to be done; undefined: here. */
const remoteOf = (command: Command): string | undefined =>
  command.optsWithGlobals<{ remote?: string }>().remote;

/** @throws CommandFailed where the command is to be done from afar and can't be */
export function refuseRemote(command: Command): void {
  if (remoteOf(command) === undefined || remotes.has(command)) return;
  const why = whyHere.get(command) ?? 'it runs here, with the settings of this machine. Leave --remote out.';
  throw new CommandFailed(`\`${typedAs(command)}\` can’t be done by --remote: ${why}`);
}

/** `gavel keys rotate-master` */
const typedAs = (command: Command): string =>
  command.parent === null ? command.name() : `${typedAs(command.parent)} ${command.name()}`;

interface Needs {
  /** Whether a person's data are read or a person is looked for. */
  persons?: boolean;
  /** Is told how far what takes long has come, where it is done here. */
  onProgress?: (text: string) => void;
}

/** Does a command's work by a remote admin API where `--remote` names one, else on the database of the settings. */
export async function useAdmin<T>(
  command: Command,
  work: (ask: Ask) => Promise<T>,
  { persons = false, onProgress }: Needs = {},
): Promise<T> {
  const remote = remoteOf(command);
  if (remote !== undefined) return work(remoteAsk(remote, adminKey()));
  return (persons ? usePersons : useDatabase)(async (database) => {
    const { context, close } = localContext(database, onProgress);
    try {
      return await work((operation, input) => {
        rejectInvisibleCharacters(input);
        return operation.run(context, input);
      });
    } finally {
      await close();
    }
  });
}

function adminKey(): string {
  const { GAVEL_ADMIN_KEY } = pickSettings(['GAVEL_ADMIN_KEY']);
  if (GAVEL_ADMIN_KEY !== undefined) return GAVEL_ADMIN_KEY;
  throw new CommandFailed(
    'Set GAVEL_ADMIN_KEY to an admin key; `gavel keys create --admin NAME --scopes …` makes one where the servers are.',
  );
}

/** Whoever reaches the database may do everything. */
function localContext(
  database: Database,
  onProgress: Needs['onProgress'],
): { context: OperationContext; close: () => Promise<void> } {
  let opened: ReturnType<typeof openNotifier> | undefined;
  // Loaded when first used, as below, so that the other commands don't wait for what only one needs.
  const notifier = async () => {
    const { openNotifier } = await import('../temporal/withdrawn.js');
    opened ??= openNotifier(pickSettings(TEMPORAL_SETTINGS));
    return opened;
  };
  let sender: ReturnType<typeof openSender> | undefined;
  const { TEMPORAL_UI_URL: url, TEMPORAL_NAMESPACE: namespace } = pickSettings([
    'TEMPORAL_UI_URL',
    'TEMPORAL_NAMESPACE',
  ]);
  return {
    context: {
      database,
      by: cliActor(),
      scopes: SCOPE_NAMES,
      isShared: false,
      onProgress,
      retentionDays: pickSettings(['RETENTION_DAYS']).RETENTION_DAYS,
      outbound: readOutboundRules(pickSettings(OUTBOUND_SETTINGS)),
      withdrawn: async (leadId) => (await notifier()).withdrawn(leadId),
      resolvePost: async (leadId, decision) => (await notifier()).resolvePost(leadId, decision),
      retryNow: async (leadId) => (await notifier()).retryNow(leadId),
      send: async (message) => {
        const { openSender } = await import('../buyers/send.js');
        sender ??= openSender(pickSettings(OUTBOUND_SETTINGS));
        return sender.send(message);
      },
      ...(url !== undefined && { ui: { url, namespace } }),
    },
    close: async () => {
      await Promise.all([opened?.close(), sender?.close()]);
    },
  };
}
