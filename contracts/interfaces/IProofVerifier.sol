// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @notice A Groth16 proof on BN254 as EIP-197 reads it: `b` holds x then y, each with the imaginary part first.
struct Proof {
  uint256[2] a;
  uint256[2][2] b;
  uint256[2] c;
}

/// @title What the market asks of a proof system
/// @notice A proof is never identified by its bytes: (-A, -B, C) proves the same, and proofs can be re-randomized.
interface IProofVerifier {
  /// @notice Whether the proof shows the circuit's statement for these public signals.
  /// @param circuitId keccak256 of the circuit's name
  function verify(bytes32 circuitId, uint256[] calldata publicSignals, Proof calldata proof) external view returns (bool);
}
