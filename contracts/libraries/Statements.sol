// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {Bn254} from './Bn254.sol';
import {ISharingMarket} from '../interfaces/ISharingMarket.sol';

/// @title What the contract computes of a statement's public signals (docs/formats.md, "Requirement and statements")
/// @notice Nothing here is taken from the prover: what a proof is bound to, and what the stored partials must evaluate to, is the
/// chain's own word.
library Statements {
  /// @notice What a requirement's proof is bound to.
  function requirementBinding(bytes32 requestId, address publisher, uint256 deadline) internal view returns (uint256) {
    return uint256(keccak256(abi.encode(block.chainid, address(this), requestId, publisher, deadline))) % Bn254.SCALAR_FIELD;
  }

  /// @notice What the proofs of an offer are bound to.
  function offerBinding(uint256 offerId, ISharingMarket.Offer memory offer) internal view returns (uint256) {
    return
      uint256(
        keccak256(
          abi.encode(
            block.chainid,
            address(this),
            offerId,
            offer.requestId,
            offer.datasetId,
            offer.datasetRoot,
            offer.owner,
            offer.templateId,
            uint256(offer.deadline)
          )
        )
      ) % Bn254.SCALAR_FIELD;
  }

  /// @notice The 34 public signals of a requirement's proof, with R' = 1.
  function requirementSignals(
    uint256 requirementHash,
    ISharingMarket.RequirementFields calldata fields,
    uint256 binding
  ) internal pure returns (uint256[] memory signals) {
    signals = new uint256[](34);
    (signals[0], signals[1]) = (1, requirementHash);
    (signals[2], signals[3]) = (fields.slotCount, fields.minRows);
    signals[4] = fields.timeUsed ? 1 : 0;
    (signals[5], signals[6], signals[7]) = (fields.timeFrom, fields.timeTo, fields.minSpan);
    signals[8] = fields.width;
    for (uint256 i = 0; i < 4; i++) {
      signals[9 + i] = fields.keywords[i];
      signals[13 + i] = fields.meanHi[i];
      ISharingMarket.Slot calldata slot = fields.slots[i];
      (signals[17 + 4 * i], signals[18 + 4 * i]) = (slot.colHash, slot.lo);
      (signals[19 + 4 * i], signals[20 + 4 * i]) = (slot.hi, slot.meanLo);
    }
    signals[33] = binding;
  }

  /// @notice The point at which the stored partials are compared with those that the aggregate opens, and their value there.
  /// `partialsDigest` is fixed before `challenge` exists, so two different lists agree only by chance (Schwartz and Zippel).
  function evaluate(
    uint256 binding,
    uint256 partialsDigest,
    uint256[] memory partials
  ) internal pure returns (uint256 challenge, uint256 evaluation) {
    challenge = uint256(keccak256(abi.encode(binding, partials.length, partialsDigest, partials))) % Bn254.SCALAR_FIELD;
    for (uint256 i = partials.length; i > 0; i--) {
      evaluation = addmod(mulmod(evaluation, challenge, Bn254.SCALAR_FIELD), partials[i - 1], Bn254.SCALAR_FIELD);
    }
  }
}
