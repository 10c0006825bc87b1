/**
 * Compiles the deployed contracts to build/contracts/<Name>.json: `{ abi, bytecode, deployedBytecode }`. The compiler is the npm package
 * `solc`, the settings are those of foundry.toml, so tests and deployments run the same bytecode. Nothing is compiled while sources,
 * compiler and library are unchanged. Invariant: build/contracts is complete or absent, and depends on nothing but its inputs.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const outputFolder = path.join(projectRoot, 'build', 'contracts');
const stampFile = path.join(outputFolder, 'stamp.json');

/** The contracts that are deployed, in the order of their deployment (docs/formats.md, "Contracts"). */
export const deployedContracts = ['EntityRegistry', 'DataRecords', 'Groth16Verifier', 'SharingMarket'] as const;

/** Those that are in the genesis state of a chain of our own, and are compiled with them. */
const genesisContracts = ['MisbehaviourRecords'] as const;
const allContracts = [...deployedContracts, ...genesisContracts];

/** A compiled contract as it lies in build/contracts. Bytecode is hexadecimal with `0x`. */
export interface CompiledContract {
  readonly abi: readonly object[];
  /** Creation code, without constructor arguments. */
  readonly bytecode: string;
  /** Code on chain, immutables as zeros. */
  readonly deployedBytecode: string;
}

/** What EIP-170 allows on a chain. */
const deployedBytesMax = 24_576;

const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'cancun',
  // Without the hash of its sources the bytecode depends on the code alone.
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  remappings: ['@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/'],
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
};

interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'info';
  readonly formattedMessage: string;
}

interface CompilerOutput {
  readonly errors?: readonly Diagnostic[];
  readonly contracts?: Record<
    string,
    Record<string, { abi: object[]; evm: { bytecode: { object: string }; deployedBytecode: { object: string } } }>
  >;
}

/** Compiles unless it is up to date. Returns whether it compiled. Throws with the compiler's messages; a warning counts as an error. */
export async function buildContracts(): Promise<boolean> {
  const stamp = `${JSON.stringify({ inputs: inputsHash() })}\n`;
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return false;
  const compiled = await compile();
  const work = `${outputFolder}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  for (const [name, contract] of Object.entries(compiled)) {
    writeFileSync(path.join(work, `${name}.json`), `${JSON.stringify(contract, null, 1)}\n`);
  }
  writeFileSync(path.join(work, path.basename(stampFile)), stamp);
  rmSync(outputFolder, { recursive: true, force: true });
  renameSync(work, outputFolder);
  return true;
}

async function compile(): Promise<Record<string, CompiledContract>> {
  const { default: solc } = await import('solc');
  const sources = Object.fromEntries(
    allContracts.map((name) => [
      `contracts/${name}.sol`,
      { content: readFileSync(path.join(projectRoot, 'contracts', `${name}.sol`), 'utf8') },
    ]),
  );
  const readImport = (name: string): { contents: string } | { error: string } => {
    const file = path.join(projectRoot, name);
    return existsSync(file) ? { contents: readFileSync(file, 'utf8') } : { error: `${name} does not exist` };
  };
  const output = JSON.parse(
    solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }), { import: readImport }),
  ) as CompilerOutput;
  const complaints = (output.errors ?? []).filter(({ severity }) => severity !== 'info');
  if (complaints.length > 0) throw new Error(complaints.map(({ formattedMessage }) => formattedMessage).join('\n'));
  return Object.fromEntries(
    allContracts.map((name) => {
      const contract = output.contracts?.[`contracts/${name}.sol`]?.[name];
      if (!contract) throw new Error(`contracts/${name}.sol holds no contract ${name}`);
      const deployed = contract.evm.deployedBytecode.object;
      if (deployed.length / 2 > deployedBytesMax)
        throw new Error(`${name} has ${deployed.length / 2} bytes, over the limit of ${deployedBytesMax}`);
      return [name, { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}`, deployedBytecode: `0x${deployed}` }];
    }),
  );
}

/** Hash of everything that the output depends on. */
function inputsHash(): string {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const folder of ['contracts', 'contracts/interfaces', 'contracts/libraries']) {
    for (const file of readdirSync(path.join(projectRoot, folder)).sort()) {
      if (!file.endsWith('.sol') && file !== 'build.ts') continue;
      const content = readFileSync(path.join(projectRoot, folder, file));
      hash.update(`${folder}/${file}\0${content.length}\0`).update(content);
    }
  }
  for (const name of ['solc', '@openzeppelin/contracts']) {
    const manifest = JSON.parse(readFileSync(path.join(projectRoot, 'node_modules', name, 'package.json'), 'utf8')) as { version: string };
    hash.update(`${name}@${manifest.version}\0`);
  }
  return hash.digest('hex');
}

if (import.meta.main) {
  const compiled = await buildContracts();
  process.stdout.write(compiled ? `compiled ${allContracts.join(', ')}\n` : 'the compiled contracts are up to date\n');
}
