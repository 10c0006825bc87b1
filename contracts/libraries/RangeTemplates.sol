// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {Strings} from '@openzeppelin/contracts/utils/Strings.sol';

/// @title The templates for range requirements, by name (docs/formats.md, "Requirement and statements")
/// @notice Which circuits prove an offer follows from the requirement's columns and width, so that no offer can name a circuit of
/// another shape. A name without a verifying key on the verifier's list proves nothing.
library RangeTemplates {
  bytes32 internal constant REQUIREMENT_CIRCUIT = keccak256('requirement');

  /// @notice Most segments that the aggregate circuit of a template takes.
  uint256 internal constant CAPACITY = 64;
  uint256 internal constant CAPACITY_LONG = 512;

  /// @notice Most segments that the template takes, or 0 where it is none for these columns and this width.
  function capacityOf(bytes32 templateId, uint8 slotCount, uint8 width) internal pure returns (uint256) {
    string memory name = _name(slotCount, width);
    if (templateId == keccak256(bytes(name))) return CAPACITY;
    if (templateId == keccak256(bytes.concat(bytes(name), '-long'))) return CAPACITY_LONG;
    return 0;
  }

  /// @notice The circuit of one segment.
  function segmentCircuit(uint8 slotCount, uint8 width) internal pure returns (bytes32) {
    return keccak256(bytes.concat('segment-', bytes(_name(slotCount, width))));
  }

  /// @notice The circuit of the whole.
  function aggregateCircuit(uint8 slotCount, uint8 width, uint256 capacity) internal pure returns (bytes32) {
    return keccak256(bytes.concat('aggregate-', bytes(_name(slotCount, width)), capacity == CAPACITY_LONG ? bytes('-long') : bytes('')));
  }

  function _name(uint8 slotCount, uint8 width) private pure returns (string memory) {
    return string.concat('range-', Strings.toString(slotCount), 'x', Strings.toString(width));
  }
}
