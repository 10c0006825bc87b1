// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @notice A contract that is nothing but data: a STOP byte, so that it cannot be called into anything, then the words.
contract CodeDataHolder {
  constructor(uint256[] memory words) {
    bytes memory code = abi.encodePacked(hex'00', words);
    assembly ('memory-safe') {
      return(add(code, 0x20), mload(code))
    }
  }
}

/// @title Words kept as the code of a contract: written once, never changed, cheap to read
library CodeData {
  /// @notice Stores the words; returns where.
  function store(uint256[] memory words) internal returns (address) {
    return address(new CodeDataHolder(words));
  }

  /// @notice The words stored at `holder`.
  function load(address holder) internal view returns (uint256[] memory words) {
    words = new uint256[]((holder.code.length - 1) / 32);
    assembly ('memory-safe') {
      extcodecopy(holder, add(words, 0x20), 1, mul(mload(words), 0x20))
    }
  }
}
