// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @notice The cheat codes of forge that the tests use.
interface Cheatcodes {
  function addr(uint256 privateKey) external pure returns (address);

  function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

  function prank(address sender) external;

  function deal(address account, uint256 balance) external;

  function warp(uint256 timestamp) external;

  function chainId(uint256 id) external;

  function etch(address account, bytes calldata code) external;

  function expectRevert(bytes calldata reason) external;

  function expectRevert(bytes4 selector) external;

  function expectEmit(address emitter) external;

  function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);

  function assertEq(uint256 left, uint256 right) external pure;

  function assertEq(uint256 left, uint256 right, string calldata message) external pure;

  function assertEq(bytes32 left, bytes32 right) external pure;

  function assertEq(address left, address right) external pure;

  function assertTrue(bool condition) external pure;

  function assertTrue(bool condition, string calldata message) external pure;

  function assertFalse(bool condition) external pure;
}

// Where forge answers them.
Cheatcodes constant vm = Cheatcodes(address(uint160(uint256(keccak256('hevm cheat code')))));
