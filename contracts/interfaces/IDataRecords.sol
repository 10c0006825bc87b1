// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @title The data records (paper, section 6.5, figure 3)
/// @notice What an owner commits to for one dataset. Invariant: one record for a datasetId, hence one header for an identity, for ever, and
/// only the owner from whose address the datasetId derives can make it: nobody can take an id that was seen before it was recorded.
/// Re-encryption keys do not depend on the header, so a second header under one identity would open to every earlier receiver.
interface IDataRecords {
  /// @notice One record. All zero: none.
  struct DataRecord {
    address owner; // the pseudonym that signed it
    uint256 datasetRoot; // commitment, a field element
    bytes32 headerHash; // SHA-256 of the encoded ctx, C1, C2, C4
    bytes32 ciphertextHash; // SHA-256 of the encrypted file
    uint64 ciphertextSize; // bytes
    uint64 recordedAt; // Unix seconds as the owner states them
    uint64 blockTime; // Unix seconds of the block that took it in
  }

  /// @notice A dataset was recorded.
  event DataRecorded(
    bytes32 indexed datasetId,
    address indexed owner,
    uint256 datasetRoot,
    bytes32 headerHash,
    bytes32 ciphertextHash,
    uint64 ciphertextSize,
    uint64 recordedAt
  );

  /// @notice The owner did not sign exactly these fields, on this chain, for this contract.
  error SignatureInvalid();
  /// @notice The signer is not enrolled as an owner, or no longer.
  error OwnerNotLive(address owner);
  /// @notice The dataset has its record already; re-keyed data gets a new datasetId.
  error DatasetAlreadyRecorded(bytes32 datasetId);
  /// @notice The root is not a field element, or zero.
  error DatasetRootInvalid(uint256 datasetRoot);
  /// @notice A hash is zero or the ciphertext is empty.
  error RecordInvalid();

  /// @notice Records a dataset for the account `owner` that signed the EIP-712 struct `DataRecord`. Anyone may bring it.
  /// @param salt chosen by the owner: datasetId = uint256(keccak256(abi.encode(owner, salt))) >> 8, 31 bytes after a zero byte
  function record(
    bytes32 salt,
    address owner,
    uint256 datasetRoot,
    bytes32 headerHash,
    bytes32 ciphertextHash,
    uint64 ciphertextSize,
    uint64 recordedAt,
    bytes calldata signature
  ) external;

  /// @notice The record of a dataset.
  function dataRecord(bytes32 datasetId) external view returns (DataRecord memory);

  /// @notice The EIP-712 struct hash of a dataset's record, which an acceptance names; 0 when there is none.
  function recordHash(bytes32 datasetId) external view returns (bytes32);
}
