// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {DataRecords} from '../DataRecords.sol';
import {IDataRecords} from '../interfaces/IDataRecords.sol';
import {vm} from './Cheatcodes.sol';
import {Scene} from './Scene.sol';

contract DataRecordsTest is Scene {
  function testHoldsWhatTheOwnerSigned() public {
    vm.expectEmit(address(records));
    emit IDataRecords.DataRecorded(dataset, owner, ROOT, headerHash, ciphertextHash, 4096, START);
    record(DATASET_SALT, OWNER_KEY, ROOT);
    vm.snapshotGasLastCall('DataRecords', 'record');
    IDataRecords.DataRecord memory held = records.dataRecord(dataset);
    vm.assertEq(held.owner, owner);
    vm.assertEq(held.datasetRoot, ROOT);
    vm.assertEq(held.headerHash, headerHash);
    vm.assertEq(held.ciphertextHash, ciphertextHash);
    vm.assertEq(held.ciphertextSize, 4096);
    vm.assertEq(held.recordedAt, START);
    vm.assertEq(held.blockTime, block.timestamp);
    vm.assertEq(records.recordHash(dataset), recordStructHash(dataset, owner, ROOT));
    vm.assertEq(records.recordHash('nothing'), bytes32(0));
  }

  function testTakesOneRecordForADataset() public {
    record(DATASET_SALT, OWNER_KEY, ROOT);
    bytes memory again = signFor(address(records), OWNER_KEY, recordStructHash(dataset, owner, ROOT));
    vm.expectRevert(abi.encodeWithSelector(IDataRecords.DatasetAlreadyRecorded.selector, dataset));
    records.record(DATASET_SALT, owner, ROOT, headerHash, ciphertextHash, 4096, START, again);
  }

  /// @dev The id of a dataset is public before its record is: in the header that proxies keep, and in the transaction that waits.
  function testNobodyElseTakesAnIdThatWasSeen() public {
    enrol(stranger, 1);
    bytes memory byAnother = signFor(address(records), STRANGER_KEY, recordStructHash(dataset, stranger, ROOT));
    vm.expectRevert(IDataRecords.SignatureInvalid.selector);
    records.record(DATASET_SALT, stranger, ROOT, headerHash, ciphertextHash, 4096, START, byAnother);
    record(DATASET_SALT, STRANGER_KEY, ROOT);
    vm.assertEq(records.dataRecord(dataset).owner, address(0));
    record(DATASET_SALT, OWNER_KEY, ROOT);
    vm.assertEq(records.dataRecord(dataset).owner, owner);
  }

  function testFuzzIdsAreOfTheirOwnersAndBeginWithAZeroByte(bytes32 salt) public {
    record(salt, OWNER_KEY, ROOT);
    bytes32 datasetId = bytes32(uint256(keccak256(abi.encode(owner, salt))) >> 8);
    vm.assertEq(records.dataRecord(datasetId).owner, owner);
    vm.assertEq(uint256(datasetId) >> 248, 0);
  }

  function testFuzzRefusesAnythingTheOwnerDidNotSign(uint8 field, uint256 change) public {
    change = 1 + (change % type(uint32).max);
    bytes memory signature = signFor(address(records), OWNER_KEY, recordStructHash(dataset, owner, ROOT));
    bytes32 salt = field % 6 == 0 ? bytes32(uint256(DATASET_SALT) ^ change) : DATASET_SALT;
    uint256 root = field % 6 == 1 ? ROOT ^ change : ROOT;
    bytes32 header = field % 6 == 2 ? bytes32(change) : headerHash;
    bytes32 ciphertext = field % 6 == 3 ? bytes32(change) : ciphertextHash;
    uint64 size = field % 6 == 4 ? uint64(4096 + change) : 4096;
    uint64 time = field % 6 == 5 ? uint64(START + change) : START;
    vm.expectRevert(IDataRecords.SignatureInvalid.selector);
    records.record(salt, owner, root, header, ciphertext, size, time, signature);
  }

  function testRefusesAnotherChainAndAnotherContract() public {
    bytes memory signature = signFor(address(records), OWNER_KEY, recordStructHash(dataset, owner, ROOT));
    DataRecords other = new DataRecords(registry);
    vm.expectRevert(IDataRecords.SignatureInvalid.selector);
    other.record(DATASET_SALT, owner, ROOT, headerHash, ciphertextHash, 4096, START, signature);
    vm.chainId(block.chainid + 1);
    vm.expectRevert(IDataRecords.SignatureInvalid.selector);
    records.record(DATASET_SALT, owner, ROOT, headerHash, ciphertextHash, 4096, START, signature);
  }

  function testRefusesWhoIsNotALiveOwner() public {
    expectRefused(CONSUMER_KEY, ROOT, abi.encodeWithSelector(IDataRecords.OwnerNotLive.selector, consumer));
    expectRefused(STRANGER_KEY, ROOT, abi.encodeWithSelector(IDataRecords.OwnerNotLive.selector, stranger));
    vm.prank(pkg);
    registry.revoke(owner);
    expectRefused(OWNER_KEY, ROOT, abi.encodeWithSelector(IDataRecords.OwnerNotLive.selector, owner));
  }

  function testRefusesRootsOutsideTheField() public {
    expectRefused(OWNER_KEY, FIELD, abi.encodeWithSelector(IDataRecords.DatasetRootInvalid.selector, FIELD));
    expectRefused(OWNER_KEY, 0, abi.encodeWithSelector(IDataRecords.DatasetRootInvalid.selector, 0));
    record(DATASET_SALT, OWNER_KEY, FIELD - 1);
  }

  function testRefusesEmptyHashesAndSize() public {
    expectRecordInvalid(0, ciphertextHash, 4096);
    expectRecordInvalid(headerHash, 0, 4096);
    expectRecordInvalid(headerHash, ciphertextHash, 0);
  }

  function expectRefused(uint256 key, uint256 root, bytes memory reason) private {
    address signer = vm.addr(key);
    bytes memory signature = signFor(address(records), key, recordStructHash(datasetIdOf(signer, DATASET_SALT), signer, root));
    vm.expectRevert(reason);
    records.record(DATASET_SALT, signer, root, headerHash, ciphertextHash, 4096, START, signature);
  }

  function expectRecordInvalid(bytes32 header, bytes32 ciphertext, uint64 size) private {
    bytes32 typeHash = keccak256(
      'DataRecord(bytes32 datasetId,address owner,uint256 datasetRoot,bytes32 headerHash,bytes32 ciphertextHash,uint64 ciphertextSize,uint64 recordedAt)'
    );
    bytes32 structHash = keccak256(abi.encode(typeHash, dataset, owner, ROOT, header, ciphertext, size, START));
    bytes memory signature = signFor(address(records), OWNER_KEY, structHash);
    vm.expectRevert(IDataRecords.RecordInvalid.selector);
    records.record(DATASET_SALT, owner, ROOT, header, ciphertext, size, START, signature);
  }
}
