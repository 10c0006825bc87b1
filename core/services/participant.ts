/**
 * A person's installation on one network: identity, keys, and everything the owner's and the consumer's workflows
 * need, put together. The same under the command line and, later, under the desktop app.
 *
 * Invariant: the phrase and what derives from it stay in this process and in the sealed home.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonRpcProvider } from 'ethers';
import { z } from 'zod';
import { ArtifactStore, defaultArtifactFolder } from '../adapters/artifact-store.ts';
import { partialSuffix, writeFileAtomically } from '../adapters/atomic-file.ts';
import { HomeDatasets } from '../adapters/dataset-files.ts';
import type { DatasetWorkshop } from '../adapters/dataset-work.ts';
import { createEthersChainReader } from '../adapters/ethers-chain-reader.ts';
import { createEthersMarket } from '../adapters/ethers-market.ts';
import { ChainProvider } from '../adapters/ethers-provider.ts';
import { chainFailure, EthersTransactionSender } from '../adapters/ethers-transaction-sender.ts';
import { homeDocuments } from '../adapters/home-documents.ts';
import { lockFileName } from '../adapters/home-lock.ts';
import { HomeStore } from '../adapters/home-store.ts';
import { checkNetworkOnChain } from '../adapters/network-check.ts';
import { PkgClient } from '../adapters/pkg-client.ts';
import { loadPoseidon } from '../adapters/poseidon.ts';
import { ProxyClient } from '../adapters/proxy-client.ts';
import { createSnarkjsProver, type ProvingFiles } from '../adapters/snarkjs-prover.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { textFile } from '../adapters/text-file.ts';
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { fromHex, type Hex, toHex, utf8 } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import {
  applicantKey,
  type ChainAccount,
  createPhrase,
  type PseudonymKeys,
  parsePhrase,
  pseudonymKeys,
  seedOfPhrase,
} from '../crypto/key-derivation.ts';
import { createMclEngine } from '../crypto/mcl-engine.ts';
import type { PairingEngine } from '../crypto/pairing-engine.ts';
import type { PublicParameters } from '../crypto/scheme-algebra.ts';
import { decodePublicParameters } from '../crypto/scheme-encodings.ts';
import { publicParametersHash } from '../crypto/scheme-hashes.ts';
import type { DocumentLock } from '../crypto/sealed-document.ts';
import type { FieldHash } from '../dataset/field.ts';
import type { Prover } from '../proofs/proof.ts';
import type { FinalTransaction, TransactionSender } from '../sharing/chain.ts';
import { type ChainReader, entityRoles } from '../sharing/chain-reader.ts';
import { datasetDocument } from '../sharing/dataset-workflow.ts';
import type { Documents } from '../sharing/documents.ts';
import { enrolmentBatchMax, hexOfLength } from '../sharing/enrolment.ts';
import type { MarketReader } from '../sharing/market.ts';
import { type Network, readNetworkFile } from '../sharing/network-file.ts';
import { Outbox } from '../sharing/outbox.ts';
import type { ApplicationStatus } from '../sharing/pkg-messages.ts';
import type { PkgPort, Proxies, TransferOptions } from '../sharing/services.ts';
import { bring } from '../sharing/workflow.ts';

const networkFileName = 'network.json';
const identityDocument = 'identity';
/** Code that answers with the time of the block that it runs in: TIMESTAMP, stored at 0, and those 32 bytes returned. */
const ANSWER_BLOCK_TIME = '0x4260005260206000f3';

const identitySchema = z.strictObject({
  version: z.literal(1),
  phrase: z.string(),
  /** Ed25519 key that signed the network file when this home joined: a file by another signer is refused. */
  networkSigner: hexOfLength(32),
  applicationId: hexOfLength(16).nullable(),
  roles: z.int(),
  /** Pseudonyms whose enrolment is final on chain. */
  pseudonyms: z.array(z.strictObject({ index: z.int().min(0), address: hexOfLength(20) })),
});
type Identity = z.infer<typeof identitySchema>;

/** How to open a participant's home. */
export interface ParticipantConfig {
  readonly home: string;
  readonly lock: DocumentLock;
  /** JSON-RPC address to use instead of those of the network file. */
  readonly rpcUrl?: string;
  /** Where circuits and proving keys are kept; the user's cache unless given. */
  readonly artifactFolder?: string;
  readonly transfer?: TransferOptions;
  /** Where heavy work is done: in this process and its prover's unless given. */
  readonly workplace?: Workplace;
}

/** Finds the files of a circuit, fetching them first where they are not here. */
export type FilesOfCircuit = (circuit: string, transfer?: TransferOptions) => Promise<ProvingFiles>;

/** Who does the work that reads much, parses what others wrote, or proves. */
export interface Workplace {
  prover(filesOf: FilesOfCircuit): Prover;
  /** Opens the dataset folders of a home, settling what a crash left. `datasetIds` are those that have a document. */
  openFiles(
    home: string,
    datasetIds: readonly Hex[],
    proving: { readonly network: Network; readonly prover: Prover; readonly filesOf: FilesOfCircuit },
  ): Promise<DatasetWorkshop>;
}

/** Makes a home that has joined the network of a network file. Gives the phrase: it is shown to the user once. @throws AppError `HOME_FOLDER_OCCUPIED`, `HOME_EXISTS` */
export async function createParticipant(
  config: ParticipantConfig & { readonly networkFile: string; readonly phrase?: string },
): Promise<{ participant: Participant; phrase: string }> {
  const { signer } = readNetworkFile(config.networkFile);
  const phrase = config.phrase === undefined ? createPhrase(systemRandom) : parsePhrase(config.phrase);
  await requireOwnFolder(config.home);
  const store = await HomeStore.create(config.home, config.lock);
  try {
    const identity: Identity = { version: 1, phrase, networkSigner: signer, applicationId: null, roles: 0, pseudonyms: [] };
    await writeFileAtomically(join(config.home, networkFileName), utf8(config.networkFile));
    await store.write(identityDocument, identity);
    return { participant: await assemble(config, store), phrase };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A home's files must not mix with others, least of all replace the `network.json` of a network that was made there. */
async function requireOwnFolder(folder: string): Promise<void> {
  // What is no readable folder is refused, with its reason, when the home is made; so is a home that exists.
  const files = await readdir(folder).catch(() => []);
  const isLeftByInterruption = (file: string) => file.startsWith(lockFileName) || file.endsWith(partialSuffix);
  if (files.every(isLeftByInterruption) || (await HomeStore.exists(folder))) return;
  throw new AppError(
    'HOME_FOLDER_OCCUPIED',
    {
      what: say`The folder ${folder} holds other files already.`,
      consequence: 'Nothing was made and nothing was changed.',
      remedy: 'Name a folder that is empty or does not exist yet.',
    },
    { data: { folder } },
  );
}

/** Opens a home made by {@link createParticipant}. */
export async function openParticipant(config: ParticipantConfig): Promise<Participant> {
  const store = await HomeStore.open(config.home, config.lock);
  try {
    return await assemble(config, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function assemble(config: ParticipantConfig, store: HomeStore): Promise<Participant> {
  const documents = homeDocuments(store);
  // The identity is written last: a home without one is of a service, or its owner has not joined to the end.
  const identity = await documents.load(identityDocument, identitySchema);
  if (identity === undefined)
    throw new AppError('HOME_NOT_A_PARTICIPANT', {
      what: 'This home belongs to a service, or joining it was interrupted.',
      consequence: 'Nothing was changed.',
      remedy: 'Name the home of a person, or join again in an empty folder.',
    });
  const { network, signer } = readNetworkFile(
    await textFile(join(config.home, networkFileName), say`the file of the network in this home`),
  );
  if (signer !== identity.networkSigner)
    throw new AppError('NETWORK_FILE_OTHER_SIGNER', {
      what: "The home's network file was signed by another operator than when this home joined.",
      consequence: 'It was not used: keys and money would go to places that you did not agree to.',
      remedy: 'Restore the old network file, or join the new network in a home of its own.',
    });
  const engine = await createMclEngine();
  const parameters = decodePublicParameters(engine, fromHex(network.pkg.parameters));
  if (toHex(publicParametersHash(engine, parameters)) !== network.pkg.parametersHash)
    throw new AppError('NETWORK_FILE_MALFORMED', {
      what: "The network file's public parameters do not have the hash that it names.",
      consequence: 'Nothing was encrypted with them.',
      remedy: 'Ask the operator for a correct file.',
    });
  return new Participant({
    config,
    store,
    documents,
    identity,
    network,
    engine,
    parameters,
    hash: await loadPoseidon(),
    seed: await seedOfPhrase(identity.phrase),
  });
}

interface Parts {
  readonly config: ParticipantConfig;
  readonly store: HomeStore;
  readonly documents: Documents;
  readonly identity: Identity;
  readonly network: Network;
  readonly engine: PairingEngine;
  readonly parameters: PublicParameters;
  readonly hash: FieldHash;
  readonly seed: Awaited<ReturnType<typeof seedOfPhrase>>;
}

/** Pseudonyms that one call enrols. */
const ENROLMENT_BATCH = 4;

const roleWords = { owner: say`owner`, consumer: say`consumer` };

/** An open home with everything that the workflows need. Close it when done. */
export class Participant {
  readonly network: Network;
  readonly engine: PairingEngine;
  readonly parameters: PublicParameters;
  readonly documents: Documents;
  readonly hash: FieldHash;
  readonly chain: ChainReader;
  readonly market: MarketReader;
  readonly outbox: Outbox;
  readonly prover: Prover;
  readonly proxies: Proxies;
  readonly pkg: PkgPort;
  readonly transfer: TransferOptions;
  readonly clock = systemClock;
  readonly random = systemRandom;
  readonly #store: HomeStore;
  readonly #seed: Parts['seed'];
  readonly #sender: EthersTransactionSender;
  readonly #pkgClient: PkgClient;
  readonly #keys = new Map<number, PseudonymKeys>();
  #identity: Identity;
  readonly #provider: JsonRpcProvider;
  readonly #workplace: Workplace;
  readonly #filesOf: FilesOfCircuit;
  readonly #proxyClients: readonly ProxyClient[];
  readonly #blockSeconds = new Map<number, number>();
  #files: Promise<DatasetWorkshop> | undefined;
  #checked: Promise<void> | undefined;

  constructor(parts: Parts) {
    const { config, network, engine, parameters } = parts;
    this.network = network;
    this.engine = engine;
    this.parameters = parameters;
    this.documents = parts.documents;
    this.hash = parts.hash;
    this.transfer = config.transfer ?? {};
    this.#store = parts.store;
    this.#seed = parts.seed;
    this.#identity = parts.identity;
    const { chainId, confirmations, rpcUrls } = network.chain;
    const provider = new ChainProvider(config.rpcUrl === undefined ? rpcUrls : [config.rpcUrl], chainId);
    this.#sender = new EthersTransactionSender(provider, network.contracts, confirmations);
    this.#provider = provider;
    this.outbox = new Outbox(this.documents, this.#checkedSender());
    this.chain = createEthersChainReader(provider, network.contracts, confirmations);
    this.market = createEthersMarket(provider, network.contracts, confirmations);
    const clients = (signer?: PseudonymKeys) =>
      network.proxies.map(
        ({ url, index, signingKey }) =>
          new ProxyClient({
            url,
            index,
            signingKey,
            clock: systemClock,
            random: systemRandom,
            ...(signer ? { signer: { keyId: signer.account.address, key: signer.requestKey } } : {}),
          }),
      );
    this.proxies = clients;
    this.#proxyClients = clients();
    const artifacts = new ArtifactStore(config.artifactFolder ?? defaultArtifactFolder(), network, this.#proxyClients);
    this.#workplace = config.workplace ?? {
      prover: createSnarkjsProver,
      openFiles: (home, datasetIds, proving) => HomeDatasets.open(home, parts.hash, datasetIds, proving),
    };
    this.#filesOf = (circuit, transfer = this.transfer) => artifacts.filesOf(circuit, transfer);
    this.prover = this.#workplace.prover(this.#filesOf);
    const { entityRegistry } = network.contracts;
    const pinned = { chainId: BigInt(chainId), entityRegistry, enrolmentAddress: network.pkg.enrolmentAddress };
    this.#pkgClient = new PkgClient({ url: network.pkg.url, network: pinned, clock: systemClock, random: systemRandom });
    this.pkg = {
      identityKey: (keys, identity) => this.#pkgClient.identityKey(keys, identity, { engine, parameters }),
    };
  }

  /** Compares the chain with the network file, once; every transaction waits for it. @throws AppError `NETWORK_CHAIN_MISMATCH` */
  async checkNetwork(): Promise<void> {
    this.#checked ??= checkNetworkOnChain(this.#provider, this.network);
    try {
      await this.#checked;
    } catch (error) {
      this.#checked = undefined;
      throw error;
    }
  }

  /** Nothing is signed before the chain is known to be the one that the network file describes. */
  #checkedSender(): TransactionSender {
    const sender = this.#sender;
    return {
      nextNonce: async (account) => {
        await this.checkNetwork();
        return sender.nextNonce(account);
      },
      prepare: (call, privateKey, nonce) => sender.prepare(call, privateKey, nonce),
      carries: (transaction, call) => sender.carries(transaction, call),
      deliver: (transaction, signal) => sender.deliver(transaction, signal),
    };
  }

  /** The files of this home's datasets. */
  get files(): Promise<DatasetWorkshop> {
    this.#files ??= this.#openFiles();
    return this.#files;
  }

  /** The newest block: its number and its time in Unix seconds. @throws AppError `CHAIN_UNREACHABLE` */
  async newestBlock(): Promise<{ readonly number: number; readonly seconds: number }> {
    const block = await this.#block('latest');
    return { number: block.number, seconds: block.timestamp };
  }

  /**
   * The chain's own clock, in Unix seconds: the time of the block that would be made now. That of the newest block says
   * nothing about it, since an idle chain makes none. @throws AppError `CHAIN_UNREACHABLE`
   */
  async chainSeconds(): Promise<number> {
    try {
      return Number(await this.#provider.call({ data: ANSWER_BLOCK_TIME, blockTag: 'pending' }));
    } catch (error) {
      throw chainFailure(error);
    }
  }

  /** When a block was made, in Unix seconds. */
  async blockSeconds(number: number): Promise<number> {
    const known = this.#blockSeconds.get(number) ?? (await this.#block(number)).timestamp;
    this.#blockSeconds.set(number, known);
    return known;
  }

  async #block(which: number | 'latest') {
    try {
      const block = await this.#provider.getBlock(which);
      assert(block !== null, 'a final block is there');
      return block;
    } catch (error) {
      throw chainFailure(error);
    }
  }

  /**
   * Fetches the circuits and proving keys of the network, so that proving needs no network later. What is here already is not fetched again.
   * @throws AppError those of the download
   */
  async fetchProvingFiles(transfer: TransferOptions): Promise<void> {
    for (const circuit of Object.keys(this.network.circuits)) await this.#filesOf(circuit, transfer);
  }

  /** Which of the network's services answer now. */
  async servicesThatAnswer(): Promise<{ readonly pkg: boolean; readonly proxies: readonly boolean[] }> {
    const answers = (service: { info(): Promise<unknown> }) =>
      service.info().then(
        () => true,
        () => false, // why it does not answer is told by the steps that need it
      );
    return { pkg: await answers(this.#pkgClient), proxies: await Promise.all(this.#proxyClients.map(answers)) };
  }

  /** What the home knows of its application. */
  get applied(): { readonly applicationId: Hex | null; readonly roles: number } {
    const { applicationId, roles } = this.#identity;
    return { applicationId, roles };
  }

  /** Removes a document of the home for good. */
  removeDocument(name: string): Promise<void> {
    return this.#store.remove(name);
  }

  /** When a document was saved last, in Unix milliseconds. */
  async savedAtMs(name: string): Promise<number> {
    return this.#store.savedAtMs(name);
  }

  /** Folder of the home. */
  get home(): string {
    return this.#store.folder;
  }

  /** Keys of one of the user's pseudonyms. */
  readonly keysOf = (index: number): PseudonymKeys => {
    const known = this.#keys.get(index) ?? pseudonymKeys(this.#seed, index);
    this.#keys.set(index, known);
    return known;
  };

  /** Pseudonyms that are enrolled on chain, in the order of their keys. */
  get pseudonyms(): readonly { readonly index: number; readonly address: Hex }[] {
    return this.#identity.pseudonyms;
  }

  /** The phrase, for the user who asks to see it again. */
  get phrase(): string {
    return this.#identity.phrase;
  }

  /** Applies at the PKG under a real name, which only the PKG's operator sees. Repeating is harmless. */
  async apply(person: { readonly name: string; readonly contact: string; readonly roles: number }): Promise<ApplicationStatus> {
    const status = await this.#pkgClient.apply(this.#applicant(), person);
    await this.#saveIdentity({ ...this.#identity, applicationId: status.applicationId, roles: person.roles });
    return status;
  }

  /** What has become of the application. */
  async application(): Promise<ApplicationStatus> {
    return this.#pkgClient.application(this.#applicant(), this.#applicationId());
  }

  /** Has a batch of fresh pseudonyms enrolled by the PKG, and records each on chain. Needs an approved application. */
  async enrol(count = ENROLMENT_BATCH): Promise<void> {
    if (count < 1 || count > enrolmentBatchMax)
      throw new AppError(
        'IDENTITY_BATCH_INVALID',
        {
          what: say`The PKG enrols 1 to ${enrolmentBatchMax} pseudonyms at a time, not ${count}.`,
          consequence: 'No pseudonym was enrolled.',
          remedy: 'Ask for fewer at a time, and repeat the step for more.',
        },
        { data: { count } },
      );
    const { roles } = await this.application();
    const first = this.#identity.pseudonyms.length;
    const keys = Array.from({ length: count }, (_, offset) => this.keysOf(first + offset));
    const enrolments = await this.#pkgClient.enrol(
      this.#applicant(),
      this.#applicationId(),
      keys.map((entry) => ({ keys: entry, roles })),
    );
    for (const [position, { enrolment, signature }] of enrolments.entries()) {
      const { account, index } = keys[position] as PseudonymKeys;
      // A home restored from its phrase finds its pseudonyms enrolled already.
      await bring(
        async () => ((await this.chain.entity(account.address))?.expiry ?? 0n) >= BigInt(enrolment.expiry),
        () =>
          this.outbox.perform(`enrol-${index}-${enrolment.expiry}`, account, {
            contract: 'entityRegistry',
            method: 'enrol',
            arguments: [enrolment, signature],
          }),
      );
      await this.#saveIdentity({ ...this.#identity, pseudonyms: [...this.#identity.pseudonyms, { index, address: account.address }] });
    }
  }

  /** Refuses, before anything is proved, what the contracts would refuse after. @throws AppError `IDENTITY_NOT_LIVE` */
  async requireLive(pseudonymIndex: number, role: 'owner' | 'consumer'): Promise<void> {
    const { address } = this.keysOf(pseudonymIndex).account;
    const entity = await this.chain.entity(address);
    const live = entity !== null && !entity.revoked && entity.expiry >= (await this.market.timeSeconds());
    if (live && (entity.roles & entityRoles[role]) !== 0) return;
    throw new AppError(
      'IDENTITY_NOT_LIVE',
      {
        what: say`The pseudonym ${address} is not enrolled as ${roleWords[role]}, or no longer.`,
        consequence: 'Nothing was proved and nothing was sent.',
        remedy: say`Use a pseudonym that is enrolled as ${roleWords[role]}, or have one enrolled by the PKG's operator.`,
      },
      { data: { pseudonym: address, role } },
    );
  }

  /** Pays out what the market has credited to `account`, to any address. Each call is a payment of its own. */
  async withdraw(account: ChainAccount, to: string): Promise<FinalTransaction> {
    return this.outbox.performAgain(`withdraw-${account.address.slice(2)}`, account, {
      contract: 'sharingMarket',
      method: 'withdraw',
      arguments: [to],
    });
  }

  /** Forgets the keys, ends the prover and lets others use the home. */
  async close(): Promise<void> {
    await this.prover.close();
    this.#sender.provider.destroy();
    await this.#store.close();
  }

  async #openFiles(): Promise<DatasetWorkshop> {
    const prefix = datasetDocument('0x');
    const datasetIds = (await this.documents.list(prefix)).map((name): Hex => `0x${name.slice(prefix.length)}`);
    const { network, prover } = this;
    return this.#workplace.openFiles(this.#store.folder, datasetIds, { network, prover, filesOf: this.#filesOf });
  }

  #applicant() {
    const key = applicantKey(this.#seed);
    return { keyId: toHex(key.publicKey), key };
  }

  #applicationId(): Hex {
    const { applicationId } = this.#identity;
    if (applicationId !== null) return applicationId;
    throw new AppError('IDENTITY_NOT_APPLIED', {
      what: 'This home has not applied at the PKG yet.',
      consequence: 'There is nothing to ask about and nothing to enrol.',
      remedy: 'Apply under your name first; the operator approves it once.',
    });
  }

  async #saveIdentity(identity: Identity): Promise<void> {
    await this.documents.save(identityDocument, identity);
    this.#identity = identity;
  }
}
