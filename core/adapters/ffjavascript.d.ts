/** The part of ffjavascript that the project uses: the BN254 engine under snarkjs. Points and field elements are bytes in Montgomery form. */
declare module 'ffjavascript' {
  interface Group {
    /** The generator. */
    readonly g: Uint8Array;
    toAffine(point: Uint8Array): Uint8Array;
    toJacobian(point: Uint8Array): Uint8Array;
    toObject(point: Uint8Array): unknown;
  }

  interface ScalarField {
    /** `w[k]` generates the group of 2^k-th roots of unity. */
    readonly w: readonly Uint8Array[];
    toObject(element: Uint8Array): bigint;
  }

  export interface Curve {
    readonly q: bigint;
    readonly Fr: ScalarField;
    readonly G1: Group;
    readonly G2: Group;
    readonly tm: {
      readonly memory: WebAssembly.Memory;
      /** Views of the memory that the engine reads and writes through. */
      u8: Uint8Array;
      u32: Uint32Array;
      readonly instance: { readonly exports: Record<string, (...values: number[]) => void> };
    };
    terminate(): Promise<void>;
  }

  export function buildBn128(singleThread?: boolean): Promise<Curve>;
}
