// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {DataRecords} from '../DataRecords.sol';
import {IDataRecords} from '../interfaces/IDataRecords.sol';
import {vm} from './Cheatcodes.sol';
import {Scene} from './Scene.sol';

contract DataRecordsTest is Scene {
  function testHoldsWhatTheOwnerSigned() public {
    vm.expectEmit(address(records));
    emit IDataRecords.DataRecorded(DATASET, owner, ROOT, headerHash, ciphertextHash, 4096, START);
    record(DATASET, OWNER_KEY, ROOT);
    vm.snapshotGasLastCall('DataRecords', 'record');
    IDataRecords.DataRecord memory held = records.dataRecord(DATASET);
    vm.assertEq(held.owner, owner);
    vm.assertEq(held.datasetRoot, ROOT);
    vm.assertEq(held.headerHash, headerHash);
    vm.assertEq(held.ciphertextHash, ciphertextHash);
    vm.assertEq(held.ciphertextSize, 4096);
    vm.assertEq(held.recordedAt, START);
    vm.assertEq(held.blockTime, block.timestamp);
    vm.assertEq(records.recordHash(DATASET), recordStructHash(DATASET, owner, ROOT));
    vm.assertEq(records.recordHash('nothing'), bytes32(0));
  }

  function testTakesOneRecordForADataset() public {
    record(DATASET, OWNER_KEY, ROOT);
    enrol(stranger, 1);
    bytes memory again = signFor(address(records), OWNER_KEY, recordStructHash(DATASET, owner, ROOT));
    bytes memory byAnother = signFor(address(records), STRANGER_KEY, recordStructHash(DATASET, stranger, ROOT));
    vm.expectRevert(abi.encodeWithSelector(IDataRecords.DatasetAlreadyRecorded.selector, DATASET));
    records.record(DATASET, owner, ROOT, headerHash, ciphertextHash, 4096, START, again);
    vm.expectRevert(abi.encodeWithSelector(IDataRecords.DatasetAlreadyRecorded.selector, DATASET));
    records.record(DATASET, stranger, ROOT, headerHash, ciphertextHash, 4096, START, byAnother);
  }

  function testFuzzRefusesAnythingTheOwnerDidNotSign(uint8 field, uint256 change) public {
    change = 1 + (change % type(uint32).max);
    bytes memory signature = signFor(address(records), OWNER_KEY, recordStructHash(DATASET, owner, ROOT));
    bytes32 changedId = field % 6 == 0 ? bytes32(uint256(DATASET) ^ change) : DATASET;
    uint256 root = field % 6 == 1 ? ROOT ^ change : ROOT;
    bytes32 header = field % 6 == 2 ? bytes32(change) : headerHash;
    bytes32 ciphertext = field % 6 == 3 ? bytes32(change) : ciphertextHash;
    uint64 size = field % 6 == 4 ? uint64(4096 + change) : 4096;
    uint64 time = field % 6 == 5 ? uint64(START + change) : START;
    vm.expectRevert(IDataRecords.SignatureInvalid.selector);
    records.record(changedId, owner, root, header, ciphertext, size, time, signature);
  }

  function testRefusesAnotherChainAndAnotherContract() public {
    bytes memory signature = signFor(address(records), OWNER_KEY, recordStructHash(DATASET, owner, ROOT));
    DataRecords other = new DataRecords(registry);
    vm.expectRevert(IDataRecords.SignatureInvalid.selector);
    other.record(DATASET, owner, ROOT, headerHash, ciphertextHash, 4096, START, signature);
    vm.chainId(block.chainid + 1);
    vm.expectRevert(IDataRecords.SignatureInvalid.selector);
    records.record(DATASET, owner, ROOT, headerHash, ciphertextHash, 4096, START, signature);
  }

  function testRefusesWhoIsNotALiveOwner() public {
    expectRefused(DATASET, CONSUMER_KEY, ROOT, abi.encodeWithSelector(IDataRecords.OwnerNotLive.selector, consumer));
    expectRefused(DATASET, STRANGER_KEY, ROOT, abi.encodeWithSelector(IDataRecords.OwnerNotLive.selector, stranger));
    vm.prank(pkg);
    registry.revoke(owner);
    expectRefused(DATASET, OWNER_KEY, ROOT, abi.encodeWithSelector(IDataRecords.OwnerNotLive.selector, owner));
  }

  function testRefusesIdsAndRootsOutsideTheField() public {
    bytes32 wide = bytes32(uint256(1) << 248);
    expectRefused(wide, OWNER_KEY, ROOT, abi.encodeWithSelector(IDataRecords.DatasetIdInvalid.selector, wide));
    expectRefused(0, OWNER_KEY, ROOT, abi.encodeWithSelector(IDataRecords.DatasetIdInvalid.selector, bytes32(0)));
    expectRefused(DATASET, OWNER_KEY, FIELD, abi.encodeWithSelector(IDataRecords.DatasetRootInvalid.selector, FIELD));
    expectRefused(DATASET, OWNER_KEY, 0, abi.encodeWithSelector(IDataRecords.DatasetRootInvalid.selector, 0));
    record(DATASET, OWNER_KEY, FIELD - 1);
    record(bytes32((uint256(1) << 248) - 1), OWNER_KEY, ROOT);
  }

  function testRefusesEmptyHashesAndSize() public {
    expectRecordInvalid(0, ciphertextHash, 4096);
    expectRecordInvalid(headerHash, 0, 4096);
    expectRecordInvalid(headerHash, ciphertextHash, 0);
  }

  function expectRefused(bytes32 datasetId, uint256 key, uint256 root, bytes memory reason) private {
    bytes memory signature = signFor(address(records), key, recordStructHash(datasetId, vm.addr(key), root));
    vm.expectRevert(reason);
    records.record(datasetId, vm.addr(key), root, headerHash, ciphertextHash, 4096, START, signature);
  }

  function expectRecordInvalid(bytes32 header, bytes32 ciphertext, uint64 size) private {
    bytes32 typeHash = keccak256(
      'DataRecord(bytes32 datasetId,address owner,uint256 datasetRoot,bytes32 headerHash,bytes32 ciphertextHash,uint64 ciphertextSize,uint64 recordedAt)'
    );
    bytes32 structHash = keccak256(abi.encode(typeHash, DATASET, owner, ROOT, header, ciphertext, size, START));
    bytes memory signature = signFor(address(records), OWNER_KEY, structHash);
    vm.expectRevert(IDataRecords.RecordInvalid.selector);
    records.record(DATASET, owner, ROOT, header, ciphertext, size, START, signature);
  }
}
