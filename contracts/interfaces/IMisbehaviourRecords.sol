// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @title Proofs that validators broke the rules of the consensus
interface IMisbehaviourRecords {
  /// @notice What was proven: signatures of one key that no honest validator gives both.
  enum Kind {
    TwoPrepares,
    TwoCommits,
    TwoProposals,
    Amnesia
  }

  /// @notice One record. Of amnesia, height and view are those of the COMMIT that was forgotten.
  struct Misbehaviour {
    bytes32 accused;
    Kind kind;
    uint64 epoch;
    uint64 height;
    uint64 view_;
    uint64 blockTime;
    bytes32 proofHash;
  }

  /// @notice A proof was recorded; numbers count from 1.
  event MisbehaviourRecorded(
    bytes32 indexed accused,
    uint256 indexed number,
    Kind kind,
    uint64 epoch,
    uint64 height,
    uint64 view_,
    bytes proof
  );

  /// @notice Only a transaction that validators checked may record.
  error NotATransaction();
  /// @notice The same misbehaviour is recorded already.
  error AlreadyRecorded(bytes32 id);

  /// @notice Records a proof (docs/formats.md, "Proofs of misbehaviour").
  function record(bytes32 accused, Kind kind, uint64 epoch, uint64 height, uint64 view_, bytes calldata proof) external;

  /// @notice Number of records.
  function count() external view returns (uint256);

  /// @notice At most `max` records from position `from` (the first is 0) on, the oldest first.
  function records(uint256 from, uint256 max) external view returns (Misbehaviour[] memory);
}
