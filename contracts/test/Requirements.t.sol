// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {Proof} from '../interfaces/IProofVerifier.sol';
import {ISharingMarket} from '../interfaces/ISharingMarket.sol';
import {vm} from './Cheatcodes.sol';
import {Scene} from './Scene.sol';

/// @notice Publishing a requirement: its proof, its terms, its escrow.
contract RequirementsTest is Scene {
  function testPublishes() public {
    bytes32 requestId = requestIdOf(consumer, 'salt');
    vm.expectEmit(address(market));
    emit ISharingMarket.RequirementPublished(requestId, consumer, REQUIREMENT_HASH, fieldsOf(), termsOf(), 3 * PRICE, 'words');
    publish('salt', 3 * PRICE);
    vm.snapshotGasLastCall('SharingMarket', 'publish, without the proof');
    ISharingMarket.Requirement memory held = market.requirementOf(requestId);
    vm.assertEq(uint256(held.state), uint256(ISharingMarket.RequirementState.Open));
    vm.assertEq(held.publisher, consumer);
    vm.assertEq(held.slotCount, 1);
    vm.assertEq(held.width, 32);
    vm.assertEq(held.escrow, 3 * PRICE);
    vm.assertEq(held.requirementHash, REQUIREMENT_HASH);
    vm.assertEq(keccak256(abi.encode(held.terms)), keccak256(abi.encode(termsOf())));
  }

  /// @dev Every public signal comes from the fields that are published: change one and the proof no longer fits.
  function testFuzzProvesExactlyThePublishedFields(uint8 field, uint8 index) public {
    ISharingMarket.Terms memory terms = termsOf();
    ISharingMarket.RequirementFields memory fields = fieldsOf();
    Proof memory proof = proveRequirement(fields, requestIdOf(consumer, 'salt'), consumer, terms.deadline);
    index = index % 4;
    field = field % 13;
    if (field == 0) fields.slotCount += 1;
    else if (field == 1) fields.minRows += 1;
    else if (field == 2) fields.timeUsed = true;
    else if (field == 3) fields.timeFrom += 1;
    else if (field == 4) fields.timeTo += 1;
    else if (field == 5) fields.minSpan += 1;
    else if (field == 6) fields.width += 1;
    else if (field == 7) fields.keywords[index] += 1;
    else if (field == 8) fields.meanHi[index] += 1;
    else if (field == 9) fields.slots[index].colHash += 1;
    else if (field == 10) fields.slots[index].lo += 1;
    else if (field == 11) fields.slots[index].hi += 1;
    else fields.slots[index].meanLo += 1;
    expectRefused('salt', REQUIREMENT_HASH, fields, terms, proof, ISharingMarket.ProofInvalid.selector);
  }

  function testBindsTheProofToHashSaltDeadlinePublisherMarketAndChain() public {
    ISharingMarket.Terms memory terms = termsOf();
    Proof memory proof = proveRequirement(fieldsOf(), requestIdOf(consumer, 'salt'), consumer, terms.deadline);
    expectRefused('salt', REQUIREMENT_HASH + 1, fieldsOf(), terms, proof, ISharingMarket.ProofInvalid.selector);
    expectRefused('other salt', REQUIREMENT_HASH, fieldsOf(), terms, proof, ISharingMarket.ProofInvalid.selector);
    terms.deadline += 1;
    expectRefused('salt', REQUIREMENT_HASH, fieldsOf(), terms, proof, ISharingMarket.ProofInvalid.selector);
    terms.deadline -= 1;
    Proof memory ofStranger = proveRequirement(fieldsOf(), requestIdOf(stranger, 'salt'), stranger, terms.deadline);
    expectRefused('salt', REQUIREMENT_HASH, fieldsOf(), terms, ofStranger, ISharingMarket.ProofInvalid.selector);
    vm.chainId(block.chainid + 1);
    expectRefused('salt', REQUIREMENT_HASH, fieldsOf(), terms, proof, ISharingMarket.ProofInvalid.selector);
  }

  function testRefusesTermsOutsideItsBounds() public {
    ISharingMarket.Terms memory terms = termsOf();
    terms.price = 0;
    expectTermsInvalid(terms);
    terms = termsOf();
    terms.bond = 0;
    expectTermsInvalid(terms);
    terms = termsOf();
    terms.bond = PRICE + 1;
    expectTermsInvalid(terms);
    terms = termsOf();
    terms.deadline = uint64(block.timestamp);
    expectTermsInvalid(terms);
    terms = termsOf();
    terms.deadline = uint64(block.timestamp) + 366 days + 1;
    expectTermsInvalid(terms);
    terms = termsOf();
    terms.grantWindow = 59;
    expectTermsInvalid(terms);
    terms = termsOf();
    terms.deliverWindow = 30 days + 1;
    expectTermsInvalid(terms);
    terms = termsOf();
    terms.confirmWindow = 0;
    expectTermsInvalid(terms);
    terms = termsOf();
    terms.currency = address(1);
    expectTermsInvalid(terms);
    terms = termsOf();
    terms.exclusiveUntil = 1;
    expectTermsInvalid(terms);
  }

  function testRefusesWhoIsNotALiveConsumer() public {
    vm.prank(pkg);
    registry.revoke(consumer);
    ISharingMarket.Terms memory terms = termsOf();
    Proof memory proof = proveRequirement(fieldsOf(), requestIdOf(consumer, 'salt'), consumer, terms.deadline);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.NotLive.selector, consumer, 2));
    vm.prank(consumer);
    market.publish{value: PRICE}('salt', REQUIREMENT_HASH, fieldsOf(), terms, proof, 'words');
    proof = proveRequirement(fieldsOf(), requestIdOf(owner, 'salt'), owner, terms.deadline);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.NotLive.selector, owner, 2));
    vm.prank(owner);
    market.publish{value: PRICE}('salt', REQUIREMENT_HASH, fieldsOf(), terms, proof, 'words');
  }

  /// @dev The words are bounded, so that nobody fills the chain through them; the longest allowed are taken.
  function testTooManyWordsAreRefused() public {
    ISharingMarket.Terms memory terms = termsOf();
    Proof memory proof = proveRequirement(fieldsOf(), requestIdOf(consumer, 'salt'), consumer, terms.deadline);
    string memory most = string(new bytes(market.WORDS_BYTES_MAX()));
    string memory more = string(new bytes(market.WORDS_BYTES_MAX() + 1));
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.WordsTooLong.selector, 4097, 4096));
    vm.prank(consumer);
    market.publish{value: PRICE}('salt', REQUIREMENT_HASH, fieldsOf(), terms, proof, more);
    vm.prank(consumer);
    market.publish{value: PRICE}('salt', REQUIREMENT_HASH, fieldsOf(), terms, proof, most);
  }

  function testRefusesTheSameRequirementTwiceAndTooLittleEscrow() public {
    ISharingMarket.Terms memory terms = termsOf();
    Proof memory proof = proveRequirement(fieldsOf(), requestIdOf(consumer, 'salt'), consumer, terms.deadline);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.EscrowTooSmall.selector, PRICE - 1, PRICE));
    vm.prank(consumer);
    market.publish{value: PRICE - 1}('salt', REQUIREMENT_HASH, fieldsOf(), terms, proof, 'words');
    bytes32 requestId = publish('salt', PRICE);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.RequirementAlreadyPublished.selector, requestId));
    vm.prank(consumer);
    market.publish{value: PRICE}('salt', REQUIREMENT_HASH, fieldsOf(), terms, proof, 'words');
  }

  function testTakesMoreEscrowFromItsPublisherUntilTheDeadline() public {
    bytes32 requestId = publish('salt', PRICE);
    vm.prank(consumer);
    market.fund{value: 5}(requestId);
    vm.assertEq(market.requirementOf(requestId).escrow, PRICE + 5);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.NotAllowed.selector, owner));
    vm.prank(owner);
    market.fund{value: 5}(requestId);
    uint64 deadline = market.requirementOf(requestId).terms.deadline;
    vm.warp(deadline + 1);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.TooLate.selector, deadline));
    vm.prank(consumer);
    market.fund{value: 5}(requestId);
  }

  function testReturnsUnusedEscrowAfterTheDeadlineOnce() public {
    bytes32 requestId = publish('salt', 2 * PRICE);
    uint64 deadline = market.requirementOf(requestId).terms.deadline;
    vm.warp(deadline);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.TooEarly.selector, deadline));
    market.reclaim(requestId);
    vm.warp(deadline + 1);
    vm.prank(stranger);
    market.reclaim(requestId);
    expectCredits(0, 2 * PRICE);
    vm.assertEq(uint256(market.requirementOf(requestId).state), uint256(ISharingMarket.RequirementState.Closed));
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.RequirementNotOpen.selector, requestId));
    market.reclaim(requestId);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.RequirementNotOpen.selector, requestId));
    vm.prank(consumer);
    market.fund{value: 5}(requestId);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.RequirementNotOpen.selector, bytes32('none')));
    market.reclaim('none');
  }

  function expectTermsInvalid(ISharingMarket.Terms memory terms) private {
    Proof memory proof = proveRequirement(fieldsOf(), requestIdOf(consumer, 'salt'), consumer, terms.deadline);
    expectRefused('salt', REQUIREMENT_HASH, fieldsOf(), terms, proof, ISharingMarket.TermsInvalid.selector);
  }

  function expectRefused(
    bytes32 salt,
    uint256 requirementHash,
    ISharingMarket.RequirementFields memory fields,
    ISharingMarket.Terms memory terms,
    Proof memory proof,
    bytes4 reason
  ) private {
    vm.expectRevert(reason);
    vm.prank(consumer);
    market.publish{value: 100 ether}(salt, requirementHash, fields, terms, proof, 'words');
  }
}
