/**
 * The operator's powers over a network that was made here: it decides applications at the PKG, sends coins of the
 * treasury, and looks at the blocks.
 *
 * Invariant: a revocation counts for the services only once it is on the chain, so to revoke somebody is to bring the
 * PKG's signed revocations there too; done again after an interruption, it brings what is missing.
 */
import { join } from 'node:path';
import { Contract, type TransactionRequest, Wallet } from 'ethers';
import { z } from 'zod';
import { loadContractArtifact } from '../adapters/contract-artifacts.ts';
import { askValidators } from '../adapters/epoch-reader.ts';
import { ChainProvider } from '../adapters/ethers-provider.ts';
import { chainFailure, sendAndWait } from '../adapters/ethers-transaction-sender.ts';
import { homeDocuments } from '../adapters/home-documents.ts';
import { HomeStore } from '../adapters/home-store.ts';
import { PkgClient } from '../adapters/pkg-client.ts';
import { keySigner } from '../adapters/request-signature.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { AppError } from '../base/app-error.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import { requestKeyFrom } from '../crypto/request-key.ts';
import type { DocumentLock } from '../crypto/sealed-document.ts';
import { encodeMembershipOrder, type LedgerEpoch, membershipAddress } from '../ledger/system-transactions.ts';
import { type ListedValidator, type ValidatorList, validatorChangeFault } from '../ledger/validators.ts';
import { hexOfLength } from '../sharing/enrolment.ts';
import type { Network } from '../sharing/network-file.ts';
import type { ApplicationList } from '../sharing/pkg-messages.ts';

const operatorDocument = 'operator';
const operatorSchema = z.strictObject({
  version: z.literal(1),
  /** Ed25519: signs the network file. */
  networkKey: hexOfLength(32),
  /** Ed25519: decides applications at the PKG. */
  decisionKey: hexOfLength(32),
  /** secp256k1: deploys the contracts and holds the treasury. */
  treasuryKey: hexOfLength(32),
});
/** The operator's keys. */
export type OperatorKeys = z.infer<typeof operatorSchema>;

/** One application as the PKG's operator sees it. */
export type OperatedApplication = ApplicationList['applications'][number];

/** A block, for a reader. */
export interface BlockSummary {
  readonly number: number;
  readonly hash: Hex;
  readonly atSeconds: number;
  readonly transactions: number;
  readonly gasUsed: bigint;
  /** Who made it: an address. */
  readonly proposer: string;
}

/** One change of the validators. */
export type ValidatorChange =
  | { readonly kind: 'add'; readonly group: number; readonly validator: ListedValidator }
  | { readonly kind: 'remove'; readonly key: Hex }
  /** By another, or by itself with other connections. */
  | { readonly kind: 'replace'; readonly key: Hex; readonly by: ListedValidator };

/** The operator at work. */
export interface NetworkOperator {
  /** Everyone who has applied, with real names. */
  applications(): Promise<OperatedApplication[]>;
  /** Decides for all roles that were asked for; gives the application as it is then. @throws AppError `PKG_APPLICATION_UNKNOWN`, `CHAIN_*` */
  decide(applicationId: Hex, outcome: 'approve' | 'refuse' | 'revoke', reason: string): Promise<OperatedApplication>;
  /** Sends coins of the treasury and waits until they have arrived. */
  fund(account: Hex, wei: bigint): Promise<void>;
  /** Those who order the blocks now. @throws AppError `CHAIN_*`, `CHAIN_WITHOUT_VALIDATORS` */
  validators(): Promise<LedgerEpoch>;
  /**
   * Changes one of them and waits until that is final; gives the new epoch. @throws AppError `MEMBERSHIP_CHANGE_REFUSED` with why, `CHAIN_*`
   */
  changeValidators(change: ValidatorChange): Promise<LedgerEpoch>;
  /** At most `count` blocks below number `before`, the newest first; from the newest of all when null. */
  blocks(before: number | null, count: number): Promise<BlockSummary[]>;
  close(): Promise<void>;
}

/** Opens the operator's keys in their home; the first time, makes and seals them. */
export async function openOperatorKeys(store: HomeStore): Promise<OperatorKeys> {
  const documents = homeDocuments(store);
  const known = await documents.load(operatorDocument, operatorSchema);
  if (known !== undefined) return known;
  const key = () => toHex(systemRandom.bytes(32));
  const made = { version: 1 as const, networkKey: key(), decisionKey: key(), treasuryKey: key() };
  await documents.save(operatorDocument, made);
  return made;
}

/** Opens the operator's home of the network that was made in `home`. */
export async function openNetworkOperator(home: string, network: Network, lock: DocumentLock): Promise<NetworkOperator> {
  const store = await HomeStore.open(join(home, 'operator'), lock);
  try {
    return operate(store, await openOperatorKeys(store), network);
  } catch (error) {
    await store.close();
    throw error;
  }
}

function operate(store: HomeStore, keys: OperatorKeys, network: Network): NetworkOperator {
  const { chainId, confirmations, rpcUrls } = network.chain;
  const provider = new ChainProvider(rpcUrls, chainId);
  // Many blocks are asked for at once, and a block does not change: these may share a request.
  const blockProvider = new ChainProvider(rpcUrls, chainId, { batches: true });
  const wallet = new Wallet(keys.treasuryKey, provider);
  const registryInterface = loadContractArtifact('entityRegistry').abi;
  const registry = new Contract(network.contracts.entityRegistry, registryInterface, provider);
  const signer = keySigner(requestKeyFrom(fromHex(keys.decisionKey)));
  const pkg = new PkgClient({
    url: network.pkg.url,
    network: {
      chainId: BigInt(chainId),
      entityRegistry: network.contracts.entityRegistry,
      enrolmentAddress: network.pkg.enrolmentAddress,
    },
    clock: systemClock,
    random: systemRandom,
  });

  let last: Promise<unknown> = Promise.resolve();
  /** One transaction of the treasury after the other: two at once would take the same nonce. */
  const send = (request: TransactionRequest): Promise<unknown> => {
    const sent = last.then(() => sendAndWait(provider, wallet, request, confirmations));
    last = sent.catch(() => undefined); // whoever asked for this transaction gets its error
    return sent;
  };

  const isRevoked = async (pseudonym: Hex): Promise<boolean> => {
    try {
      return ((await registry.getFunction('entity')(pseudonym)) as { revoked: boolean }).revoked;
    } catch (error) {
      throw chainFailure(error);
    }
  };

  const bringRevocations = async (): Promise<void> => {
    for (const { pseudonym, signature } of await pkg.revocations(signer)) {
      if (await isRevoked(pseudonym)) continue;
      const data = registryInterface.encodeFunctionData('revoke(address,bytes)', [pseudonym, signature]);
      await send({ to: network.contracts.entityRegistry, data });
    }
  };

  const applicationOf = async (applicationId: Hex): Promise<OperatedApplication> => {
    const application = (await pkg.applications(signer)).find((entry) => entry.applicationId === applicationId);
    if (application !== undefined) return application;
    throw new AppError('PKG_APPLICATION_UNKNOWN', {
      what: say`Nobody applied as ${applicationId}.`,
      consequence: 'Nothing was changed.',
      remedy: 'Look at the list of applications and choose one of them.',
    });
  };

  return {
    applications: () => pkg.applications(signer),
    async decide(applicationId, outcome, reason) {
      const asked = await applicationOf(applicationId);
      const roles = outcome === 'approve' ? asked.roles : 0;
      await pkg.decide(signer, applicationId, { outcome, roles, reason });
      if (outcome === 'revoke') await bringRevocations();
      return applicationOf(applicationId);
    },
    async fund(account, wei) {
      await send({ to: account, value: wei });
    },
    validators: () => askValidators(provider, network),
    async changeValidators(change) {
      const { number: epoch, validators: present } = await askValidators(provider, network);
      const validators = changedList(present, change);
      const fault =
        validators === null ? 'no validator has this key, or there is no such group' : validatorChangeFault(present, validators);
      if (validators === null || fault !== null) throw changeRefused(fault ?? '');
      const data = toHex(encodeMembershipOrder({ genesisHash: network.chain.genesisHash as Hex, epoch, validators }));
      try {
        await send({ to: membershipAddress, data });
      } catch (error) {
        const refusal = /it changes no members: ([^"]*)/.exec(String((error as AppError).cause))?.[1];
        throw refusal === undefined ? error : changeRefused(refusal);
      }
      return askValidators(provider, network);
    },
    async blocks(before, count) {
      try {
        const newest = before === null ? await blockProvider.getBlockNumber() : before - 1;
        const numbers = Array.from({ length: Math.max(0, Math.min(count, newest + 1)) }, (_, position) => newest - position);
        const blocks = await Promise.all(numbers.map((number) => blockProvider.getBlock(number)));
        return blocks
          .filter((block) => block !== null)
          .map(({ number, hash, timestamp, transactions, gasUsed, miner }) => ({
            number,
            hash: hash as Hex,
            atSeconds: timestamp,
            transactions: transactions.length,
            gasUsed,
            proposer: miner,
          }));
      } catch (error) {
        throw chainFailure(error);
      }
    },
    async close() {
      await last;
      provider.destroy();
      blockProvider.destroy();
      await store.close();
    },
  };
}

function changedList(present: ValidatorList, change: ValidatorChange): ValidatorList | null {
  if (change.kind === 'add') {
    if (present[change.group] === undefined) return null;
    return present.map((group, index) => (index === change.group ? [...group, change.validator] : group));
  }
  if (!present.flat().some(({ key }) => key === change.key)) return null;
  return present.map((group) =>
    group.flatMap((validator) => {
      if (validator.key !== change.key) return [validator];
      return change.kind === 'replace' ? [change.by] : [];
    }),
  );
}

function changeRefused(fault: string): AppError {
  return new AppError('MEMBERSHIP_CHANGE_REFUSED', {
    what: say`The validators cannot be changed so: ${fault}.`,
    consequence: 'Nothing was sent; the validators are as before.',
    remedy: 'Look at the list of validators. Where a group has the fewest members that it may have, replace one in place of removing it.',
  });
}
