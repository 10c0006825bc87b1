// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @title BN254 by the precompiled contracts of EIP-196 and EIP-197
/// @notice The precompiled contracts refuse points that are not canonical or not on their curve, and points of the twist outside the
/// subgroup; here a refusal is `false`.
library Bn254 {
  /// @notice Order r of the groups: the scalar field.
  uint256 internal constant SCALAR_FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
  /// @notice The field of the coordinates.
  uint256 internal constant BASE_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

  /// @notice Whether (x, y) is a canonical point of G1 other than infinity. The curve has cofactor 1.
  function isPoint(uint256 x, uint256 y) internal pure returns (bool) {
    if (x >= BASE_FIELD || y >= BASE_FIELD) return false;
    // Infinity is (0, 0), which does not satisfy y^2 = x^3 + 3.
    return mulmod(y, y, BASE_FIELD) == addmod(mulmod(mulmod(x, x, BASE_FIELD), x, BASE_FIELD), 3, BASE_FIELD);
  }

  /// @notice Whether `point` (x then y, imaginary parts first) is a canonical point of G2 other than infinity.
  function isTwistPoint(uint256[2][2] calldata point) internal view returns (bool valid) {
    if (point[0][0] | point[0][1] | point[1][0] | point[1][1] == 0) return false;
    // The pairing of infinity with a good point is one; a bad point is refused.
    uint256[6] memory input;
    (input[2], input[3], input[4], input[5]) = (point[0][0], point[0][1], point[1][0], point[1][1]);
    uint256[1] memory output;
    assembly ('memory-safe') {
      valid := staticcall(gas(), 0x08, input, 0xc0, output, 0x20)
      valid := and(valid, mload(output))
    }
  }

  /// @notice The point (sum[0], sum[1]) plus scalar times (x, y), in place.
  function addMultiple(uint256[2] memory sum, uint256 x, uint256 y, uint256 scalar) internal view returns (bool valid) {
    uint256[4] memory words;
    (words[0], words[1]) = (x, y);
    assembly ('memory-safe') {
      mstore(add(words, 0x40), scalar)
      valid := staticcall(gas(), 0x07, words, 0x60, words, 0x40)
      mcopy(add(words, 0x40), sum, 0x40)
      valid := and(staticcall(gas(), 0x06, words, 0x80, sum, 0x40), valid)
    }
  }

  /// @notice Whether the product of the four pairings is one.
  function pairingIsOne(uint256[24] memory input) internal view returns (bool valid) {
    uint256[1] memory output;
    assembly ('memory-safe') {
      valid := staticcall(gas(), 0x08, input, 0x300, output, 0x20)
      valid := and(valid, mload(output))
    }
  }
}
