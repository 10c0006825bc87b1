/** The PKG beside a real chain: anvil with the real contracts, from an application to the key of a recorded dataset. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HDNodeWallet, Wallet } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadContractArtifact } from '../../core/adapters/contract-artifacts.ts';
import { deployContracts } from '../../core/adapters/contract-deployment.ts';
import { createEthersChainReader } from '../../core/adapters/ethers-chain-reader.ts';
import { ChainProvider } from '../../core/adapters/ethers-provider.ts';
import { EthersTransactionSender } from '../../core/adapters/ethers-transaction-sender.ts';
import { PkgClient } from '../../core/adapters/pkg-client.ts';
import { systemClock } from '../../core/adapters/system-clock.ts';
import { systemRandom } from '../../core/adapters/system-random.ts';
import { fromHex, type Hex, toHex } from '../../core/base/bytes.ts';
import { formatIdentity } from '../../core/crypto/identity.ts';
import { datasetIdOf } from '../../core/proofs/identifiers.ts';
import { startPkg } from '../../core/services/pkg.ts';
import { openPkgAuthority } from '../../core/services/pkg-state.ts';
import type { ContractCall, ContractName } from '../../core/sharing/chain.ts';
import { entityRoles } from '../../core/sharing/chain-reader.ts';
import { dataRecordTypes, signTypedData } from '../../core/sharing/typed-data.ts';
import { codeOf, freshKeySigner, freshPseudonym, MemoryDocuments, sharedEngine } from '../unit/services/world.ts';

const chainId = 31337n;
const mnemonic = 'test test test test test test test test test test test junk';

describe('the PKG beside a real chain', () => {
  let anvil: ChildProcess;
  let provider: ChainProvider;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'services-chain-'));
    const binary = createRequire(import.meta.url).resolve('@foundry-rs/anvil-linux-amd64/bin/anvil');
    anvil = spawn(binary, ['--port', '0', '--mnemonic', mnemonic, '--chain-id', String(chainId)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const { stdout } = anvil;
    if (stdout === null) throw new Error('anvil has an output');
    const lines = createInterface(stdout);
    const port = await new Promise<string>((resolve) => {
      lines.on('line', (line) => {
        const found = /Listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    provider = new ChainProvider([`http://127.0.0.1:${port}`], Number(chainId));
  });
  afterEach(async () => {
    provider.destroy();
    if (anvil.exitCode === null && anvil.signalCode === null) {
      const ended = once(anvil, 'exit');
      anvil.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('enrols, issues the key of a recorded dataset, refuses after revocation, and waits while the chain is down', async () => {
    const engine = await sharedEngine();
    const documents = new MemoryDocuments();
    const authority = await openPkgAuthority(documents, engine, systemRandom);
    const enrolmentAddress = authority.enrolmentAccount.address.toLowerCase() as Hex;
    const deployerKey = fromHex(HDNodeWallet.fromPhrase(mnemonic).privateKey);
    const addresses = await deployContracts({
      provider,
      deployerKey,
      enrolmentAccount: enrolmentAddress,
      parametersHash: authority.parametersHash,
      development: true,
      verifyingKeys: {},
    });
    const send = transactions(provider, addresses, deployerKey);
    const chain = createEthersChainReader(provider, addresses, 0);
    const operator = freshKeySigner();
    const network = { chainId, ...addresses };
    const pkg = await startPkg({
      listen: { host: '127.0.0.1', port: 0 },
      home: folder,
      documents,
      engine,
      chain,
      network,
      operatorKey: operator.keyId,
      clock: systemClock,
      random: systemRandom,
      log: () => undefined,
    });
    try {
      const client = new PkgClient({ url: pkg.url, network: { ...network, enrolmentAddress }, clock: systemClock, random: systemRandom });
      const applicant = freshKeySigner();
      const { applicationId } = await client.apply(applicant, { name: 'Ada', contact: 'ada@example.org', roles: entityRoles.owner });
      await client.decide(operator, applicationId, { outcome: 'approve', roles: entityRoles.owner, reason: '' });
      const keys = freshPseudonym();
      const [signed] = await client.enrol(applicant, applicationId, [{ keys, roles: entityRoles.owner }]);
      if (signed === undefined) throw new Error('the PKG enrolled the pseudonym');

      const pseudonym = keys.account.address;
      expect(await chain.entity(pseudonym)).toBeNull();
      await send({ contract: 'entityRegistry', method: 'enrol', arguments: [signed.enrolment, signed.signature] });
      expect(await chain.entity(pseudonym)).toEqual({
        pseudonym,
        requestKey: toHex(keys.requestKey.publicKey),
        messageKey: toHex(keys.messageKey.publicKey),
        roles: entityRoles.owner,
        expiry: BigInt(signed.enrolment.expiry),
        revoked: false,
      });

      const salt = toHex(systemRandom.bytes(32));
      const datasetId = datasetIdOf(pseudonym, salt);
      const identity = formatIdentity({ kind: 'dataset', chainId, contract: addresses.dataRecords, pseudonym, datasetId });
      const scheme = { engine, parameters: authority.publicParameters };
      expect(await codeOf(client.identityKey(keys, identity, scheme))).toBe('PKG_IDENTITY_NOT_OWNED');
      const record = {
        datasetId,
        owner: pseudonym,
        datasetRoot: 7n,
        headerHash: toHex(systemRandom.bytes(32)),
        ciphertextHash: toHex(systemRandom.bytes(32)),
        ciphertextSize: 1000n,
        recordedAt: 1_790_000_000n,
      };
      const signature = signTypedData(keys.account, { chainId, verifyingContract: addresses.dataRecords }, dataRecordTypes, record);
      await send({ contract: 'dataRecords', method: 'record', arguments: [salt, ...Object.values(record).slice(1), signature] });
      const { recordedAt: _, ...expected } = record;
      expect(await chain.dataRecord(datasetId)).toEqual(expected);
      expect((await client.identityKey(keys, identity, scheme)).a1).toBeDefined();

      expect(await chain.offer(5n)).toBeNull();
      expect(await chain.grant(5n)).toBeNull();
      expect(await chain.dataRecord(toHex(systemRandom.bytes(32)))).toBeNull();

      await client.decide(operator, applicationId, { outcome: 'revoke', roles: 0, reason: 'fraud' });
      const [revocation] = await client.revocations(operator);
      await send({ contract: 'entityRegistry', method: 'revoke(address,bytes)', arguments: [pseudonym, revocation?.signature] });
      expect((await chain.entity(pseudonym))?.revoked).toBe(true);
      expect(await codeOf(client.identityKey(keys, identity, scheme))).toBe('REQUEST_ENROLMENT_REVOKED');

      const ended = once(anvil, 'exit');
      anvil.kill('SIGKILL');
      await ended;
      expect(await codeOf(client.identityKey(keys, identity, scheme))).toBe('CHAIN_UNREACHABLE');
    } finally {
      await pkg.stop();
    }
  });
});

/** Sends a call from the funded account and waits until it is final. */
function transactions(provider: ChainProvider, addresses: Readonly<Record<ContractName, Hex>>, privateKey: Uint8Array) {
  const sender = new EthersTransactionSender(provider, addresses, 0);
  const account = new Wallet(toHex(privateKey)).address.toLowerCase() as Hex;
  return async (call: ContractCall) => {
    expect(loadContractArtifact(call.contract).abi.getFunction(call.method)).not.toBeNull();
    const signed = await sender.prepare(call, privateKey, await sender.nextNonce(account));
    expect(sender.carries(signed, call)).toBe(true);
    expect(sender.carries(signed, { ...call, value: (call.value ?? 0n) + 1n })).toBe(false);
    const fate = await sender.deliver(signed);
    expect(fate.kind).toBe('final');
  };
}
