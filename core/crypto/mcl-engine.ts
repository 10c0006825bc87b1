/**
 * The pairing engine on mcl (herumi/mcl, as WebAssembly in mcl-wasm): two to three times as fast as
 * noble-engine.ts and equal to it byte for byte.
 *
 * mcl-wasm's own wrapper has one curve for the whole process, which the ledger sets to BN254; this
 * engine instantiates the WebAssembly module itself, so that each has its own memory and curve.
 *
 * Invariant: elements are copies outside of the module's memory, in its internal representation.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import createModule from 'mcl-wasm/dist/mcl_c.js';
import { assert } from '../base/assert.ts';
import { equalBytes, utf8 } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import { decodeGroupElement } from './gt-membership.ts';
import { type G1Element, type G2Element, type GtElement, g1Bytes, g2Bytes, type PairingEngine } from './pairing-engine.ts';
import { encodeScalar, type Scalar } from './scalar.ts';

/** An address in the module's memory. */
type Address = number;
/** (result, operand) */
type UnaryOperation = (result: Address, operand: Address) => number;
/** (result, left, right) */
type BinaryOperation = (result: Address, left: Address, right: Address) => number;
/** (element) -> 1 or 0 */
type Predicate = (element: Address) => number;
/** (buffer, capacity, element) -> bytes written, 0 on failure */
type Serializer = (buffer: Address, capacity: number, element: Address) => number;
/** (element, buffer, length) -> bytes read, 0 on failure */
type Deserializer = (element: Address, buffer: Address, length: number) => number;

/** The part of the module that is used: mcl's C interface (bn.h), and the helpers that copy in and out through its stack. */
interface MclModule {
  _mclBn_init(curve: number, compiledFor: number): number;
  _mclBn_setETHserialization(enabled: number): void;
  _mclBn_verifyOrderG1(enabled: number): void;
  _mclBn_verifyOrderG2(enabled: number): void;
  _mclBn_setMapToMode(mode: number): number;
  _mclBnFr_deserialize: Deserializer;
  _mclBnG1_deserialize: Deserializer;
  _mclBnG1_serialize: Serializer;
  _mclBnG1_isZero: Predicate;
  _mclBnG1_add: BinaryOperation;
  _mclBnG1_neg: UnaryOperation;
  _mclBnG1_mulCT: BinaryOperation;
  _mclBnG2_deserialize: Deserializer;
  _mclBnG2_serialize: Serializer;
  _mclBnG2_isZero: Predicate;
  _mclBnG2_add: BinaryOperation;
  _mclBnG2_sub: BinaryOperation;
  _mclBnG2_mulCT: BinaryOperation;
  _mclBnG2_hashAndMapToWithDst(result: Address, message: Address, messageLength: number, tag: Address, tagLength: number): number;
  _mclBnGT_deserialize: Deserializer;
  _mclBnGT_serialize: Serializer;
  _mclBnGT_isEqual(left: Address, right: Address): number;
  _mclBnGT_mul: BinaryOperation;
  _mclBnGT_div: BinaryOperation;
  _mclBnGT_pow: BinaryOperation;
  _mclBn_millerLoopVec(result: Address, left: Address, right: Address, count: number): void;
  _mclBn_finalExp: UnaryOperation;
  stackSave(): Address;
  stackRestore(address: Address): void;
  salloc(words: Uint32Array): Address;
  sallocBytes(bytes: Uint8Array): Address;
  sallocArray(words: readonly Uint32Array[]): Address;
  copyFromHeap32(words: Uint32Array, address: Address): void;
  callGetter(predicate: Predicate, words: Uint32Array): number;
  callGetter2(predicate: (left: Address, right: Address) => number, left: Uint32Array, right: Uint32Array): number;
  callOp1(operation: UnaryOperation, result: Uint32Array, operand: Uint32Array): number;
  callOp2(operation: BinaryOperation, result: Uint32Array, left: Uint32Array, right: Uint32Array): number;
  callSerialize(serializer: Serializer, words: Uint32Array): Uint8Array;
  callDeserialize(deserializer: Deserializer, words: Uint32Array, bytes: Uint8Array): void;
}

const curveBls12381 = 5;
/** MCLBN_COMPILED_TIME_VAR: 10 times the 64-bit words of a scalar, plus those of a coordinate. */
const compiledFor = 46;
/** MCL_MAP_TO_MODE_HASH_TO_CURVE: RFC 9380. */
const mapToModeRfc9380 = 5;

const scalarWords = 8;
const coordinateWords = 12;
const g1Words = 3 * coordinateWords;
const g2Words = 6 * coordinateWords;
const gtWords = 12 * coordinateWords;

const words = (element: G1Element | G2Element | GtElement): Uint32Array => {
  assert(element instanceof Uint32Array, 'the element was made by the mcl engine');
  return element;
};
const element1 = (value: Uint32Array): G1Element => value as unknown as G1Element;
const element2 = (value: Uint32Array): G2Element => value as unknown as G2Element;
const elementT = (value: Uint32Array): GtElement => value as unknown as GtElement;

/** mcl writes each Fp2 with its c1 first; the format has c0 first. Its own inverse. */
function swapCoefficients(bytes: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let offset = 0; offset < bytes.length; offset += 96) {
    swapped.set(bytes.subarray(offset + 48, offset + 96), offset);
    swapped.set(bytes.subarray(offset, offset + 48), offset + 48);
  }
  return swapped;
}

function instantiate(module: MclModule): PairingEngine {
  const binary = (operation: BinaryOperation, left: Uint32Array, right: Uint32Array) => {
    const result = new Uint32Array(left.length);
    module.callOp2(operation, result, left, right);
    return result;
  };
  const unary = (operation: UnaryOperation, operand: Uint32Array) => {
    const result = new Uint32Array(operand.length);
    module.callOp1(operation, result, operand);
    return result;
  };
  const scalarOf = (scalar: Scalar) => {
    const result = new Uint32Array(scalarWords);
    module.callDeserialize(module._mclBnFr_deserialize, result, encodeScalar(scalar));
    return result;
  };

  /** The one encoding of an element: what the library writes for what it read. */
  const decode = (
    group: string,
    bytes: Uint8Array,
    length: number,
    wordCount: number,
    deserializer: Deserializer,
    serializer: Serializer,
    isIdentity: Predicate,
  ) => {
    if (bytes.length !== length) throw new DecodeError(`an element of ${group} has ${length} bytes`);
    const result = new Uint32Array(wordCount);
    try {
      module.callDeserialize(deserializer, result, bytes);
    } catch (error) {
      throw new DecodeError(`not an element of ${group}`, { cause: error });
    }
    if (module.callGetter(isIdentity, result) === 1) throw new DecodeError(`the identity of ${group} is refused`);
    if (!equalBytes(module.callSerialize(serializer, result), bytes)) throw new DecodeError(`not the encoding of an element of ${group}`);
    return result;
  };
  const decodeG1 = (bytes: Uint8Array) =>
    element1(decode('G1', bytes, g1Bytes, g1Words, module._mclBnG1_deserialize, module._mclBnG1_serialize, module._mclBnG1_isZero));
  const decodeG2 = (bytes: Uint8Array) =>
    element2(decode('G2', bytes, g2Bytes, g2Words, module._mclBnG2_deserialize, module._mclBnG2_serialize, module._mclBnG2_isZero));

  const pairingProduct: PairingEngine['pairingProduct'] = (...factors) => {
    const result = new Uint32Array(gtWords);
    const stack = module.stackSave();
    try {
      const address = module.salloc(result);
      const left = module.sallocArray(factors.map(([point]) => words(point)));
      const right = module.sallocArray(factors.map(([, point]) => words(point)));
      module._mclBn_millerLoopVec(address, left, right, factors.length);
      module._mclBn_finalExp(address, address);
      module.copyFromHeap32(result, address);
    } finally {
      module.stackRestore(stack);
    }
    return elementT(result);
  };

  const decodeGt = (bytes: Uint8Array) => {
    // mcl's own test of membership takes three times as long.
    decodeGroupElement(bytes);
    const result = new Uint32Array(gtWords);
    module.callDeserialize(module._mclBnGT_deserialize, result, swapCoefficients(bytes));
    return elementT(result);
  };

  /** The generators in their standard encodings (draft-irtf-cfrg-pairing-friendly-curves, section 4.2.1). */
  const g1 = decodeG1(bls12_381.G1.Point.BASE.toBytes(true));
  const g2 = decodeG2(bls12_381.G2.Point.BASE.toBytes(true));

  return {
    name: 'mcl',

    g1,
    addG1: (left, right) => element1(binary(module._mclBnG1_add, words(left), words(right))),
    negateG1: (point) => element1(unary(module._mclBnG1_neg, words(point))),
    multiplyG1: (point, scalar) => element1(binary(module._mclBnG1_mulCT, words(point), scalarOf(scalar))),

    g2,
    addG2: (left, right) => element2(binary(module._mclBnG2_add, words(left), words(right))),
    subtractG2: (left, right) => element2(binary(module._mclBnG2_sub, words(left), words(right))),
    multiplyG2: (point, scalar) => element2(binary(module._mclBnG2_mulCT, words(point), scalarOf(scalar))),
    hashToG2(message, tag) {
      const result = new Uint32Array(g2Words);
      const tagBytes = utf8(tag);
      const stack = module.stackSave();
      try {
        const address = module.salloc(result);
        const failed = module._mclBnG2_hashAndMapToWithDst(
          address,
          module.sallocBytes(message),
          message.length,
          module.sallocBytes(tagBytes),
          tagBytes.length,
        );
        assert(failed === 0, 'every message hashes to a point of G2');
        module.copyFromHeap32(result, address);
      } finally {
        module.stackRestore(stack);
      }
      return element2(result);
    },

    gt: pairingProduct([g1, g2]),
    multiplyGt: (left, right) => elementT(binary(module._mclBnGT_mul, words(left), words(right))),
    divideGt: (left, right) => elementT(binary(module._mclBnGT_div, words(left), words(right))),
    powerGt: (base, exponent) => elementT(binary(module._mclBnGT_pow, words(base), scalarOf(exponent))),
    equalGt: (left, right) => module.callGetter2(module._mclBnGT_isEqual, words(left), words(right)) === 1,

    pairingProduct,

    encodeG1: (point) => module.callSerialize(module._mclBnG1_serialize, words(point)),
    encodeG2: (point) => module.callSerialize(module._mclBnG2_serialize, words(point)),
    encodeGt: (element) => swapCoefficients(module.callSerialize(module._mclBnGT_serialize, words(element))),

    decodeG1,
    decodeG2,
    decodeGt,
  };
}

/** Makes the engine: compiles the WebAssembly module and gives it an instance of its own. */
export async function createMclEngine(): Promise<PairingEngine> {
  const module: MclModule = await createModule({
    cryptoGetRandomValues: () => assert(false, 'mcl draws no randomness: it comes through the Random port'),
  });
  assert(module._mclBn_init(curveBls12381, compiledFor) === 0, 'mcl has the curve BLS12-381');
  module._mclBn_setETHserialization(1);
  module._mclBn_verifyOrderG1(1);
  module._mclBn_verifyOrderG2(1);
  assert(module._mclBn_setMapToMode(mapToModeRfc9380) === 0, 'mcl hashes to the curve as RFC 9380 says');
  return instantiate(module);
}
