// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {IMisbehaviourRecords} from './interfaces/IMisbehaviourRecords.sol';

/// @title Proofs that validators broke the rules of the consensus
/// @dev In the genesis state, at the address that is reserved for it. Contracts cannot check Ed25519: no validator takes a block with a
/// transaction to this address unless its data are a call of `record` whose arguments are what follows from a proof that holds, which is
/// not recorded yet. A call from a contract is no such transaction, so it is refused here; with code an account sends none (EIP-3607).
contract MisbehaviourRecords is IMisbehaviourRecords {
  /// @dev The first slot: validators look into it. Numbers from 1.
  mapping(bytes32 id => uint256 number) private _numberOf;
  Misbehaviour[] private _records;

  /// @inheritdoc IMisbehaviourRecords
  function record(bytes32 accused, Kind kind, uint64 epoch, uint64 height, uint64 view_, bytes calldata proof) external {
    // slither-disable-next-line tx-origin
    if (msg.sender != tx.origin) revert NotATransaction();
    bytes32 id = keccak256(abi.encode(accused, kind, epoch, height, view_));
    if (_numberOf[id] != 0) revert AlreadyRecorded(id);
    _records.push(
      Misbehaviour({
        accused: accused,
        kind: kind,
        epoch: epoch,
        height: height,
        view_: view_,
        blockTime: uint64(block.timestamp),
        proofHash: keccak256(proof)
      })
    );
    _numberOf[id] = _records.length;
    emit MisbehaviourRecorded(accused, _records.length, kind, epoch, height, view_, proof);
  }

  /// @inheritdoc IMisbehaviourRecords
  function count() external view returns (uint256) {
    return _records.length;
  }

  /// @inheritdoc IMisbehaviourRecords
  function records(uint256 from, uint256 max) external view returns (Misbehaviour[] memory page) {
    uint256 length = _records.length;
    uint256 size = from >= length ? 0 : length - from;
    if (size > max) size = max;
    page = new Misbehaviour[](size);
    for (uint256 position = 0; position < size; position++) page[position] = _records[from + position];
  }
}
