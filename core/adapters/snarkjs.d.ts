/** The part of snarkjs that the project uses. Files are paths or memory. */
declare module 'snarkjs' {
  interface MemoryFile {
    readonly type: 'mem';
    data?: Uint8Array;
  }
  interface Logger {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
  }

  export const wtns: {
    /** Computes a witness into `witness`; rejects when an assertion of the circuit fails. */
    calculate(inputs: unknown, wasm: string | MemoryFile, witness: MemoryFile): Promise<void>;
  };
  export const groth16: {
    prove(zkey: string | MemoryFile, witness: MemoryFile, logger?: Logger): Promise<{ proof: unknown; publicSignals: string[] }>;
    fullProve(inputs: unknown, wasm: string, zkey: string): Promise<{ proof: unknown; publicSignals: string[] }>;
    verify(key: unknown, publicSignals: readonly string[], proof: unknown): Promise<boolean>;
  };
}
