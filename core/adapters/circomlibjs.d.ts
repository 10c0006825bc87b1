/** The part of circomlibjs that is used; the package brings no types. */
declare module 'circomlibjs' {
  /** A field element in Montgomery form inside WASM's layout. */
  type FieldElement = Uint8Array;

  interface Poseidon {
    (inputs: readonly bigint[]): FieldElement;
    readonly F: { toObject(element: FieldElement): bigint };
  }

  /** Compiles the WASM module; about 0.3 s. */
  export function buildPoseidon(): Promise<Poseidon>;
}
