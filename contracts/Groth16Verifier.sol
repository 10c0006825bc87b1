// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {IGroth16Verifier} from './interfaces/IGroth16Verifier.sol';
import {IProofVerifier, Proof} from './interfaces/IProofVerifier.sol';
import {Bn254} from './libraries/Bn254.sol';
import {CodeData} from './libraries/CodeData.sol';

/// @title Groth16 over an allow-list of verifying keys
/// @notice Source: Groth, "On the Size of Pairing-based Non-interactive Arguments" (EUROCRYPT 2016). A proof (A, B, C) holds when
/// e(A, B) = e(alpha, beta) e(L, gamma) e(C, delta), with L the sum of the public signals' points.
/// A verifying key is kept as the code of a contract of its own: reading it costs a twentieth of reading storage.
contract Groth16Verifier is IGroth16Verifier {
  /// @notice Words of a key before its `ic`: alpha 2, beta 4, gamma 4, delta 4.
  uint256 private constant WORDS_BEFORE_IC = 14;
  /// @notice Most public signals: keeps a key far below the limit of a contract's code.
  uint256 private constant PUBLIC_SIGNALS_MAX = 256;

  /// @inheritdoc IGroth16Verifier
  address public immutable deployer;
  /// @inheritdoc IGroth16Verifier
  bool public isSealed;

  mapping(bytes32 circuitId => address) private _keys;

  constructor() {
    deployer = msg.sender;
  }

  /// @inheritdoc IGroth16Verifier
  function register(bytes32 circuitId, VerifyingKey calldata key) external {
    if (msg.sender != deployer) revert NotDeployer(msg.sender);
    if (isSealed) revert AlreadySealed();
    if (_keys[circuitId] != address(0)) revert CircuitAlreadyRegistered(circuitId);
    if (key.ic.length < 2 || key.ic.length > PUBLIC_SIGNALS_MAX + 1) revert PublicSignalCountInvalid(key.ic.length);
    if (!Bn254.isPoint(key.alpha[0], key.alpha[1])) revert PointInvalid();
    if (!Bn254.isTwistPoint(key.beta) || !Bn254.isTwistPoint(key.gamma) || !Bn254.isTwistPoint(key.delta)) revert PointInvalid();
    // With delta = gamma, or its negative, C cancels L and anything "verifies". Equal x means one of the two.
    if (key.delta[0][0] == key.gamma[0][0] && key.delta[0][1] == key.gamma[0][1]) revert DeltaEqualsGamma();

    uint256[] memory words = new uint256[](WORDS_BEFORE_IC + 2 * key.ic.length);
    (words[0], words[1]) = (key.alpha[0], key.alpha[1]);
    for (uint256 i = 0; i < 4; i++) {
      (words[2 + i], words[6 + i], words[10 + i]) = (key.beta[i / 2][i % 2], key.gamma[i / 2][i % 2], key.delta[i / 2][i % 2]);
    }
    for (uint256 i = 0; i < key.ic.length; i++) {
      (uint256 x, uint256 y) = (key.ic[i][0], key.ic[i][1]);
      if (!Bn254.isPoint(x, y)) revert PointInvalid();
      (words[WORDS_BEFORE_IC + 2 * i], words[WORDS_BEFORE_IC + 2 * i + 1]) = (x, y);
    }

    address data = CodeData.store(words);
    _keys[circuitId] = data;
    emit VerifyingKeyRegistered(circuitId, keccak256(abi.encodePacked(words)), key.ic.length - 1, data);
  }

  /// @inheritdoc IGroth16Verifier
  function seal() external {
    if (msg.sender != deployer) revert NotDeployer(msg.sender);
    if (isSealed) revert AlreadySealed();
    isSealed = true;
    emit Sealed();
  }

  /// @inheritdoc IProofVerifier
  function verify(bytes32 circuitId, uint256[] calldata publicSignals, Proof calldata proof) external view returns (bool) {
    if (!isSealed) revert NotSealed();
    address data = _keys[circuitId];
    if (data == address(0)) revert UnknownCircuit(circuitId);
    uint256[] memory key = CodeData.load(data);
    uint256 expected = (key.length - WORDS_BEFORE_IC) / 2 - 1;
    if (publicSignals.length != expected) revert PublicSignalsMismatch(publicSignals.length, expected);

    uint256[2] memory sum = [key[WORDS_BEFORE_IC], key[WORDS_BEFORE_IC + 1]];
    for (uint256 i = 0; i < publicSignals.length; i++) {
      uint256 signal = publicSignals[i];
      if (signal >= Bn254.SCALAR_FIELD) revert PublicSignalOutOfField(i);
      if (signal == 0) continue;
      uint256 position = WORDS_BEFORE_IC + 2 * (i + 1);
      if (!Bn254.addMultiple(sum, key[position], key[position + 1], signal)) return false;
    }

    if (!Bn254.isPoint(proof.a[0], proof.a[1]) || !Bn254.isPoint(proof.c[0], proof.c[1])) return false;
    uint256[24] memory input;
    (input[0], input[1]) = (proof.a[0], Bn254.BASE_FIELD - proof.a[1]); // -A; no point of odd order has y = 0
    (input[2], input[3], input[4], input[5]) = (proof.b[0][0], proof.b[0][1], proof.b[1][0], proof.b[1][1]);
    for (uint256 i = 0; i < 6; i++) input[6 + i] = key[i]; // alpha, beta
    (input[12], input[13]) = (sum[0], sum[1]);
    (input[18], input[19]) = (proof.c[0], proof.c[1]);
    for (uint256 i = 0; i < 4; i++) (input[14 + i], input[20 + i]) = (key[6 + i], key[10 + i]); // gamma, delta
    return Bn254.pairingIsOne(input);
  }

  /// @inheritdoc IGroth16Verifier
  function verifyingKeyHash(bytes32 circuitId) external view returns (bytes32) {
    address data = _keys[circuitId];
    return data == address(0) ? bytes32(0) : keccak256(abi.encodePacked(CodeData.load(data)));
  }
}
