/**
 * What can be told of a proving key from its file before it is used (snarkjs' "zkey", Groth16 on BN254). A key that never had a contribution has
 * delta = gamma, and anyone can forge proofs for it.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '../base/app-error.ts';
import { equalBytes } from '../base/bytes.ts';
import { refuseForgeableKey } from '../proofs/verifying-key.ts';

const HEADER_SECTION = 2;
/** The two primes with their lengths, and three counts. */
const HEADER_PREFIX_BYTES = 2 * (4 + 32) + 3 * 4;
const G1_BYTES = 64;
const G2_BYTES = 128;
/** alpha in G1, beta in G1 and G2, gamma in G2, delta in G1 and G2. */
const HEADER_BYTES = HEADER_PREFIX_BYTES + 3 * G1_BYTES + 3 * G2_BYTES;
const SECTIONS_MAX = 16;

/**
 * Checks a proving key that came from elsewhere.
 * @throws AppError `PROOF_KEY_FORGEABLE` when delta equals gamma, `PROOF_KEY_INVALID` when the file is no Groth16 key on BN254
 */
export async function checkProvingKey(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    const header = await readHeader(handle);
    const gamma = HEADER_PREFIX_BYTES + 2 * G1_BYTES + G2_BYTES;
    const delta = gamma + G2_BYTES + G1_BYTES;
    refuseForgeableKey(equalBytes(header.subarray(gamma, gamma + G2_BYTES), header.subarray(delta, delta + G2_BYTES)));
  } finally {
    await handle.close();
  }
}

async function readHeader(handle: FileHandle): Promise<Uint8Array> {
  const start = await readExactly(handle, 0, 12);
  if (start === null || Buffer.from(start.subarray(0, 4)).toString('latin1') !== 'zkey') throw invalidKey();
  const sections = Math.min(viewOf(start).getUint32(8, true), SECTIONS_MAX);
  for (let index = 0, offset = 12; index < sections; index++) {
    const entry = await readExactly(handle, offset, 12);
    if (entry === null) throw invalidKey();
    const length = Number(viewOf(entry).getBigUint64(4, true));
    if (viewOf(entry).getUint32(0, true) === HEADER_SECTION) {
      const header = length === HEADER_BYTES ? await readExactly(handle, offset + 12, length) : null;
      if (header === null) throw invalidKey();
      return header;
    }
    offset += 12 + length;
  }
  throw invalidKey();
}

async function readExactly(handle: FileHandle, position: number, length: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await handle.read(bytes, 0, length, position);
  return bytesRead === length ? bytes : null;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalidKey(): AppError<'PROOF_KEY_INVALID'> {
  return new AppError('PROOF_KEY_INVALID', {
    what: 'The proving key is not a Groth16 key on BN254, or its file is cut short.',
    consequence: 'Nothing can be proved with it.',
    remedy: "Delete the file, so that the network's key is fetched again.",
  });
}
