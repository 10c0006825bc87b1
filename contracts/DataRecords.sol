// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {EIP712} from '@openzeppelin/contracts/utils/cryptography/EIP712.sol';
import {IDataRecords} from './interfaces/IDataRecords.sol';
import {IEntityRegistry} from './interfaces/IEntityRegistry.sol';
import {Bn254} from './libraries/Bn254.sol';
import {Roles} from './libraries/Roles.sol';
import {Signatures} from './libraries/Signatures.sol';

/// @title The data records
contract DataRecords is IDataRecords, EIP712 {
  bytes32 private constant DATA_RECORD_TYPEHASH =
    keccak256(
      'DataRecord(bytes32 datasetId,address owner,uint256 datasetRoot,bytes32 headerHash,bytes32 ciphertextHash,uint64 ciphertextSize,uint64 recordedAt)'
    );

  /// @notice The enrolled pseudonyms.
  IEntityRegistry public immutable registry;

  mapping(bytes32 datasetId => DataRecord) private _records;

  constructor(IEntityRegistry registry_) EIP712('Vouchsafe', '1') {
    registry = registry_;
  }

  /// @inheritdoc IDataRecords
  function record(
    bytes32 salt,
    address owner,
    uint256 datasetRoot,
    bytes32 headerHash,
    bytes32 ciphertextHash,
    uint64 ciphertextSize,
    uint64 recordedAt,
    bytes calldata signature
  ) external {
    bytes32 datasetId = bytes32(uint256(keccak256(abi.encode(owner, salt))) >> 8);
    DataRecord memory made = DataRecord({
      owner: owner,
      datasetRoot: datasetRoot,
      headerHash: headerHash,
      ciphertextHash: ciphertextHash,
      ciphertextSize: ciphertextSize,
      recordedAt: recordedAt,
      blockTime: uint64(block.timestamp)
    });
    if (!Signatures.isBy(owner, _hashTypedDataV4(_structHash(datasetId, made)), signature)) revert SignatureInvalid();
    if (!registry.isLive(owner, Roles.OWNER)) revert OwnerNotLive(owner);
    if (_records[datasetId].owner != address(0)) revert DatasetAlreadyRecorded(datasetId);
    if (datasetRoot == 0 || datasetRoot >= Bn254.SCALAR_FIELD) revert DatasetRootInvalid(datasetRoot);
    if (headerHash == 0 || ciphertextHash == 0 || ciphertextSize == 0) revert RecordInvalid();

    _records[datasetId] = made;
    emit DataRecorded(datasetId, owner, datasetRoot, headerHash, ciphertextHash, ciphertextSize, recordedAt);
  }

  /// @inheritdoc IDataRecords
  function dataRecord(bytes32 datasetId) external view returns (DataRecord memory) {
    return _records[datasetId];
  }

  /// @inheritdoc IDataRecords
  function recordHash(bytes32 datasetId) external view returns (bytes32) {
    DataRecord memory held = _records[datasetId];
    return held.owner == address(0) ? bytes32(0) : _structHash(datasetId, held);
  }

  function _structHash(bytes32 datasetId, DataRecord memory held) private pure returns (bytes32) {
    return
      keccak256(
        abi.encode(
          DATA_RECORD_TYPEHASH,
          datasetId,
          held.owner,
          held.datasetRoot,
          held.headerHash,
          held.ciphertextHash,
          held.ciphertextSize,
          held.recordedAt
        )
      );
  }
}
