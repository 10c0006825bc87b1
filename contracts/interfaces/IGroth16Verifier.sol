// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {IProofVerifier} from './IProofVerifier.sol';

/// @title The allow-list of verifying keys, and Groth16 over it
/// @notice The deployer registers the network's verifying keys and seals the list; before that nothing verifies, after that nothing
/// changes.
interface IGroth16Verifier is IProofVerifier {
  /// @notice A verifying key; points of G2 have the imaginary parts first (EIP-197). `ic` has one point more than there are public signals.
  struct VerifyingKey {
    uint256[2] alpha;
    uint256[2][2] beta;
    uint256[2][2] gamma;
    uint256[2][2] delta;
    uint256[2][] ic;
  }

  /// @notice A verifying key was put on the list. `keyHash` as in {verifyingKeyHash}.
  event VerifyingKeyRegistered(bytes32 indexed circuitId, bytes32 indexed keyHash, uint256 publicSignals, address data);
  /// @notice The list is closed.
  event Sealed();

  /// @notice Only the deployer fills the list.
  error NotDeployer(address caller);
  /// @notice The list is closed.
  error AlreadySealed();
  /// @notice The list is still open: nothing verifies yet.
  error NotSealed();
  /// @notice The circuit has a key already.
  error CircuitAlreadyRegistered(bytes32 circuitId);
  /// @notice The circuit is not on the list.
  error UnknownCircuit(bytes32 circuitId);
  /// @notice The key has no point beyond the first, so no public signal, or more than fit.
  error PublicSignalCountInvalid(uint256 points);
  /// @notice A point is the point at infinity, not canonical, not on its curve or not in its subgroup.
  error PointInvalid();
  /// @notice delta is gamma or its negative: such a key (a set-up without contribution) lets anyone forge.
  error DeltaEqualsGamma();
  /// @notice The number of public signals is not the circuit's.
  error PublicSignalsMismatch(uint256 given, uint256 expected);
  /// @notice A public signal is not below the scalar field's order, so it would stand for another one.
  error PublicSignalOutOfField(uint256 index);

  /// @notice Puts a verifying key on the list.
  function register(bytes32 circuitId, VerifyingKey calldata key) external;

  /// @notice Closes the list.
  function seal() external;

  /// @notice Who may fill the list until it is closed.
  function deployer() external view returns (address);

  /// @notice Whether the list is closed.
  function isSealed() external view returns (bool);

  /// @notice keccak256 of the key's words (alpha, beta, gamma, delta, ic in order, 32 bytes each, EIP-197 order); 0 when unknown.
  function verifyingKeyHash(bytes32 circuitId) external view returns (bytes32);
}
