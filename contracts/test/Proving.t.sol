// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {SharingMarket} from '../SharingMarket.sol';
import {Proof} from '../interfaces/IProofVerifier.sol';
import {ISharingMarket} from '../interfaces/ISharingMarket.sol';
import {vm} from './Cheatcodes.sol';
import {Scene} from './Scene.sol';

/// @notice Offering a dataset and proving it: the order of the checks, what each refuses, each segment once.
contract ProvingTest is Scene {
  bytes32 private constant OTHER_DATASET = bytes32(uint256(0xd2));

  // Offers

  function testOffers() public {
    uint256 offerId = provingOffer();
    ISharingMarket.Offer memory held = market.offerOf(offerId);
    vm.assertEq(held.owner, owner);
    vm.assertEq(held.datasetId, dataset);
    vm.assertEq(held.datasetRoot, ROOT);
    vm.assertEq(held.templateId, TEMPLATE);
    vm.assertEq(held.ownerBond, BOND);
    vm.assertEq(held.deadline, START + 5 days);
    vm.assertEq(held.dueAt, held.deadline);
    vm.assertEq(held.binding, bindingOf(offerId));
    expectState(offerId, ISharingMarket.OfferState.Proving);
  }

  function testRefusesOffersThatCannotBeMeant() public {
    bytes32 requestId = publish('salt', PRICE);
    expectOfferRefused(owner, requestId, TEMPLATE, START + 1, BOND, abi.encodeWithSelector(ISharingMarket.DatasetNotRecorded.selector, dataset));
    record(DATASET_SALT, OWNER_KEY, ROOT);
    bytes memory wrong = abi.encodeWithSelector(ISharingMarket.WrongTemplate.selector, keccak256('range-2x32'));
    expectOfferRefused(owner, requestId, keccak256('range-2x32'), START + 1, BOND, wrong);
    wrong = abi.encodeWithSelector(ISharingMarket.DeadlineInvalid.selector, START - 1);
    expectOfferRefused(owner, requestId, TEMPLATE, START - 1, BOND, wrong);
    wrong = abi.encodeWithSelector(ISharingMarket.DeadlineInvalid.selector, START + 10 days + 1);
    expectOfferRefused(owner, requestId, TEMPLATE, START + 10 days + 1, BOND, wrong);
    wrong = abi.encodeWithSelector(ISharingMarket.WrongPayment.selector, BOND - 1, BOND);
    expectOfferRefused(owner, requestId, TEMPLATE, START + 1, BOND - 1, wrong);
    wrong = abi.encodeWithSelector(ISharingMarket.RequirementNotOpen.selector, bytes32('none'));
    expectOfferRefused(owner, 'none', TEMPLATE, START + 1, BOND, wrong);
    wrong = abi.encodeWithSelector(ISharingMarket.NotLive.selector, consumer, 1);
    expectOfferRefused(consumer, requestId, TEMPLATE, START + 1, BOND, wrong);
    enrol(stranger, 1);
    vm.deal(stranger, BOND);
    wrong = abi.encodeWithSelector(ISharingMarket.DatasetNotRecorded.selector, dataset);
    expectOfferRefused(stranger, requestId, TEMPLATE, START + 1, BOND, wrong);
    uint256 offerId = makeOffer(requestId, dataset, 'offer', TEMPLATE);
    wrong = abi.encodeWithSelector(ISharingMarket.OfferAlreadyMade.selector, offerId);
    expectOfferRefused(owner, requestId, TEMPLATE, START + 1, BOND, wrong);
    makeOffer(requestId, dataset, 'another offer', TEMPLATE_LONG);
  }

  // Segments and the whole

  function testVerifiesWhenEverythingIsProved() public {
    uint256 offerId = provingOffer();
    vm.expectEmit(address(market));
    emit ISharingMarket.SegmentProved(offerId, market.offerOf(offerId).requestId, 0, 1008, 7);
    submitSegment(offerId, 0, 1008, 7);
    vm.snapshotGasLastCall('SharingMarket', 'submitSegments, first of one, without the proof');
    submitSegment(offerId, 1, 500, 9);
    vm.assertEq(market.partialOf(offerId, 0), 7);
    vm.assertEq(market.partialOf(offerId, 1), 9);
    vm.assertEq(market.provedSegments(offerId)[0], 3);
    vm.assertEq(market.offerOf(offerId).provedRows, 1508);
    uint256[] memory signals = aggregateSignals(offerId, 1508, partialsOfTwo());
    vm.expectEmit(address(market));
    emit ISharingMarket.OfferVerified(offerId, market.offerOf(offerId).requestId, owner, 2, 1508);
    submitAggregate(offerId, signals);
    expectState(offerId, ISharingMarket.OfferState.Verified);
  }

  function testTakesSeveralSegmentsAtOnceFromAnybodyWithTheOwnersSignature() public {
    uint256 offerId = provingOffer();
    ISharingMarket.SegmentSubmission[] memory both = new ISharingMarket.SegmentSubmission[](2);
    both[0] = submission(offerId, segmentSignals(offerId, 1, 500, 9))[0];
    both[1] = submission(offerId, segmentSignals(offerId, 0, 1008, 7))[0];
    vm.prank(stranger);
    market.submitSegments(offerId, both);
    submitAggregate(offerId, aggregateSignals(offerId, 1508, partialsOfTwo()));
    expectState(offerId, ISharingMarket.OfferState.Verified);
    vm.assertEq(market.offerOf(offerId).owner, owner);
  }

  /// @dev 23 segments as of the sample, in any order.
  function testFuzzTakesSegmentsInAnyOrderEachOnce(uint256 seed) public {
    uint256 offerId = provingOffer();
    uint256[] memory order = new uint256[](23);
    uint256[] memory partials = new uint256[](23);
    for (uint256 i = 0; i < 23; i++) order[i] = i;
    for (uint256 i = 22; i > 0; i--) {
      uint256 j = uint256(keccak256(abi.encode(seed, i))) % (i + 1);
      (order[i], order[j]) = (order[j], order[i]);
    }
    uint256 rows;
    for (uint256 i = 0; i < 23; i++) {
      uint256 index = order[i];
      partials[index] = uint256(keccak256(abi.encode(seed, 'partial', index))) % FIELD;
      submitSegment(offerId, index, 1000 + index, partials[index]);
      rows += 1000 + index;
      expectSegmentRefused(
        offerId,
        segmentSignals(offerId, index, 1000 + index, partials[index] ^ 1),
        abi.encodeWithSelector(ISharingMarket.SegmentAlreadyProved.selector, index)
      );
    }
    submitAggregate(offerId, aggregateSignals(offerId, rows, partials));
    expectState(offerId, ISharingMarket.OfferState.Verified);
  }

  function testTakesAsManySegmentsAsTheTemplate() public {
    record(DATASET_SALT, OWNER_KEY, ROOT);
    bytes32 requestId = publish('salt', PRICE);
    uint256 short = makeOffer(requestId, dataset, 'short', TEMPLATE);
    bytes memory beyond = abi.encodeWithSelector(ISharingMarket.SegmentOutOfRange.selector, 64);
    expectSegmentRefused(short, segmentSignals(short, 64, 1, 1), beyond);
    uint256 long = makeOffer(requestId, dataset, 'long', TEMPLATE_LONG);
    uint256[] memory partials = new uint256[](300);
    for (uint256 i = 0; i < 300; i++) {
      partials[i] = 1000 + i;
      submitSegment(long, i, 1008, partials[i]);
    }
    vm.assertEq(market.provedSegments(long)[0], type(uint256).max);
    vm.assertEq(market.provedSegments(long)[1], (1 << 44) - 1);
    expectSegmentRefused(long, segmentSignals(long, 512, 1, 1), abi.encodeWithSelector(ISharingMarket.SegmentOutOfRange.selector, 512));
    submitAggregate(long, aggregateSignals(long, 300 * 1008, partials));
    vm.snapshotGasLastCall('SharingMarket', 'submitAggregate of 300 segments, without the proof');
    expectState(long, ISharingMarket.OfferState.Verified);
  }

  // The order: signature, proof, R and h, everything else

  function testChecksTheSignatureFirst() public {
    uint256 offerId = provingOffer();
    uint256[] memory signals = segmentSignals(offerId, 0, 1008, 7);
    signals[0] = 0;
    ISharingMarket.SegmentSubmission[] memory wrong = submission(offerId, signals);
    wrong[0].signature = signStatement(offerId, signals, STRANGER_KEY);
    wrong[0].proof.a[0] ^= 1;
    expectSubmissionRefused(offerId, wrong, abi.encodeWithSelector(ISharingMarket.SignatureInvalid.selector));
    wrong[0].signature = signStatement(offerId, signals, OWNER_KEY);
    expectSubmissionRefused(offerId, wrong, abi.encodeWithSelector(ISharingMarket.ProofInvalid.selector));
    wrong[0].proof.a[0] ^= 1;
    expectSubmissionRefused(offerId, wrong, abi.encodeWithSelector(ISharingMarket.RequirementMismatch.selector));
  }

  function testFuzzRefusesSignalsThatTheOwnerDidNotSign(uint8 index, uint256 change) public {
    uint256 offerId = provingOffer();
    uint256[] memory signals = segmentSignals(offerId, 0, 1008, 7);
    bytes memory signature = signStatement(offerId, signals, OWNER_KEY);
    signals[index % 9] = addmod(signals[index % 9], 1 + (change % (FIELD - 1)), FIELD);
    ISharingMarket.SegmentSubmission[] memory wrong = submission(offerId, signals);
    wrong[0].signature = signature;
    expectSubmissionRefused(offerId, wrong, abi.encodeWithSelector(ISharingMarket.SignatureInvalid.selector));
  }

  function testFuzzRefusesSignalsThatTheProofDoesNotShow(uint8 index, uint256 change) public {
    uint256 offerId = provingOffer();
    uint256[] memory signals = segmentSignals(offerId, 0, 1008, 7);
    Proof memory proof = verifier.prove(keccak256('segment-range-1x32'), signals);
    signals[index % 9] = addmod(signals[index % 9], 1 + (change % (FIELD - 1)), FIELD);
    ISharingMarket.SegmentSubmission[] memory wrong = submission(offerId, signals);
    wrong[0].proof = proof;
    expectSubmissionRefused(offerId, wrong, abi.encodeWithSelector(ISharingMarket.ProofInvalid.selector));
  }

  function testRefusesStatementsThatAreNotSatisfiedOrOfAnotherRequirement() public {
    uint256 offerId = provingOffer();
    expectWrongSignal(offerId, 0, 0, ISharingMarket.RequirementMismatch.selector);
    expectWrongSignal(offerId, 0, 2, ISharingMarket.RequirementMismatch.selector);
    expectWrongSignal(offerId, 1, REQUIREMENT_HASH + 1, ISharingMarket.RequirementMismatch.selector);
  }

  function testRefusesStatementsAboutAnotherDatasetOrOwner() public {
    uint256 offerId = provingOffer();
    expectWrongSignal(offerId, 2, ROOT + 1, ISharingMarket.WrongDataset.selector);
    expectWrongSignal(offerId, 5, uint256(OTHER_DATASET), ISharingMarket.WrongDataset.selector);
    expectWrongSignal(offerId, 4, uint160(stranger), ISharingMarket.WrongOwner.selector);
  }

  function testRefusesTheStatementsOfAnotherOffer() public {
    uint256 first = provingOffer();
    uint256 second = makeOffer(market.offerOf(first).requestId, dataset, 'second', TEMPLATE);
    ISharingMarket.SegmentSubmission[] memory forFirst = submission(first, segmentSignals(first, 0, 1008, 7));
    expectSubmissionRefused(second, forFirst, abi.encodeWithSelector(ISharingMarket.WrongBinding.selector));
  }

  function testRefusesTheStatementsOfAnotherRequirement() public {
    uint256 first = provingOffer();
    uint256 second = makeOffer(publish('other', PRICE), dataset, 'offer', TEMPLATE);
    ISharingMarket.SegmentSubmission[] memory forFirst = submission(first, segmentSignals(first, 0, 1008, 7));
    expectSubmissionRefused(second, forFirst, abi.encodeWithSelector(ISharingMarket.WrongBinding.selector));
  }

  function testRefusesTheStatementsForAnotherDeadline() public {
    uint256 first = provingOffer();
    bytes32 requestId = market.offerOf(first).requestId;
    ISharingMarket.SegmentSubmission[] memory forFirst = submission(first, segmentSignals(first, 0, 1008, 7));
    vm.warp(START + 60);
    uint256 second = makeOffer(requestId, dataset, 'second', TEMPLATE);
    expectSubmissionRefused(second, forFirst, abi.encodeWithSelector(ISharingMarket.SignatureInvalid.selector));
  }

  /// @dev The same offer on another market or chain: the signature is not for it; and if the owner signs again, the binding is not.
  function testRefusesTheStatementsOfAnotherMarketAndChain() public {
    uint256 offerId = provingOffer();
    uint256[] memory signals = segmentSignals(offerId, 0, 1008, 7);
    ISharingMarket.SegmentSubmission[] memory here = submission(offerId, signals);
    SharingMarket elsewhere = new SharingMarket(registry, records, verifier);
    (SharingMarket home, address homeAddress) = (market, address(market));
    market = elsewhere;
    makeOffer(publish('salt', PRICE), dataset, 'offer', TEMPLATE);
    vm.assertTrue(address(elsewhere) != homeAddress);
    expectSubmissionRefused(offerId, here, abi.encodeWithSelector(ISharingMarket.SignatureInvalid.selector));
    expectSubmissionRefused(offerId, submission(offerId, signals), abi.encodeWithSelector(ISharingMarket.WrongBinding.selector));
    market = home;
    vm.chainId(block.chainid + 1);
    expectSubmissionRefused(offerId, here, abi.encodeWithSelector(ISharingMarket.SignatureInvalid.selector));
  }

  function testRefusesStrangersSignatures() public {
    uint256 offerId = provingOffer();
    uint256[] memory signals = segmentSignals(offerId, 0, 1008, 7);
    ISharingMarket.SegmentSubmission[] memory wrong = submission(offerId, signals);
    uint256[3] memory keys = [STRANGER_KEY, CONSUMER_KEY, PROXY_KEY];
    for (uint256 i = 0; i < keys.length; i++) {
      wrong[0].signature = signStatement(offerId, signals, keys[i]);
      expectSubmissionRefused(offerId, wrong, abi.encodeWithSelector(ISharingMarket.SignatureInvalid.selector));
    }
    wrong[0].signature = '';
    expectSubmissionRefused(offerId, wrong, abi.encodeWithSelector(ISharingMarket.SignatureInvalid.selector));
  }

  function testRefusesRowsThatNoSumHolds() public {
    uint256 offerId = provingOffer();
    uint256[] memory signals = segmentSignals(offerId, 0, FIELD - 1, 7);
    ISharingMarket.SegmentSubmission[] memory wrong = submission(offerId, signals);
    expectSubmissionRefused(
      offerId,
      wrong,
      abi.encodeWithSignature('SafeCastOverflowedUintDowncast(uint8,uint256)', 64, FIELD - 1)
    );
  }

  // The aggregate

  function testFuzzRefusesAnAggregateWithAnyOtherSignal(uint8 index, uint256 change) public {
    uint256 offerId = provingOffer();
    submitSegment(offerId, 0, 1008, 7);
    submitSegment(offerId, 1, 500, 9);
    uint256[] memory signals = aggregateSignals(offerId, 1508, partialsOfTwo());
    index = index % 11;
    signals[index] = addmod(signals[index], 1 + (change % (FIELD - 1)), FIELD);
    bytes4[11] memory reasons = [
      ISharingMarket.RequirementMismatch.selector,
      ISharingMarket.RequirementMismatch.selector,
      ISharingMarket.WrongDataset.selector,
      ISharingMarket.WrongBinding.selector,
      ISharingMarket.WrongOwner.selector,
      ISharingMarket.WrongDataset.selector,
      bytes4(0),
      ISharingMarket.RowsMismatch.selector,
      ISharingMarket.PartialsMismatch.selector,
      ISharingMarket.PartialsMismatch.selector,
      ISharingMarket.PartialsMismatch.selector
    ];
    bytes memory reason = abi.encodeWithSelector(reasons[index]);
    if (index == 6) {
      reason = signals[6] == 0 || signals[6] > 64
        ? abi.encodeWithSelector(ISharingMarket.SegmentOutOfRange.selector, signals[6])
        : abi.encodeWithSelector(ISharingMarket.SegmentsIncomplete.selector, signals[6] == 1 ? 1 : 2);
    } else if (index == 7) {
      reason = abi.encodeWithSelector(ISharingMarket.RowsMismatch.selector, 1508, signals[7]);
    }
    expectAggregateRefused(offerId, signals, reason);
  }

  function testRefusesAnAggregateBeforeAllSegments() public {
    uint256 offerId = provingOffer();
    uint256[] memory signals = aggregateSignals(offerId, 1508, partialsOfTwo());
    expectAggregateRefused(offerId, signals, abi.encodeWithSelector(ISharingMarket.SegmentsIncomplete.selector, 0));
    submitSegment(offerId, 0, 1008, 7);
    expectAggregateRefused(offerId, signals, abi.encodeWithSelector(ISharingMarket.SegmentsIncomplete.selector, 1));
    submitSegment(offerId, 2, 500, 9);
    expectAggregateRefused(offerId, signals, abi.encodeWithSelector(ISharingMarket.SegmentsIncomplete.selector, 1));
    submitSegment(offerId, 1, 500, 9);
    expectAggregateRefused(offerId, signals, abi.encodeWithSelector(ISharingMarket.SegmentsIncomplete.selector, 2));
  }

  /// @dev Nothing at all would be full, add up and evaluate to nothing.
  function testRefusesAnAggregateOfNothing() public {
    uint256 offerId = provingOffer();
    uint256[] memory signals = aggregateSignals(offerId, 0, new uint256[](0));
    expectAggregateRefused(offerId, signals, abi.encodeWithSelector(ISharingMarket.SegmentOutOfRange.selector, 0));
  }

  function testRefusesAnAggregateOverOtherPartials() public {
    uint256 offerId = provingOffer();
    submitSegment(offerId, 0, 1008, 9);
    submitSegment(offerId, 1, 500, 7);
    expectAggregateRefused(
      offerId,
      aggregateSignals(offerId, 1508, partialsOfTwo()),
      abi.encodeWithSelector(ISharingMarket.PartialsMismatch.selector)
    );
  }

  function testRefusesAnAggregateOfAnotherCircuitOrSigner() public {
    uint256 offerId = provingOffer();
    submitSegment(offerId, 0, 1008, 7);
    submitSegment(offerId, 1, 500, 9);
    uint256[] memory signals = aggregateSignals(offerId, 1508, partialsOfTwo());
    uint256[11] memory fixedSignals;
    for (uint256 i = 0; i < 11; i++) fixedSignals[i] = signals[i];
    Proof memory long = verifier.prove(keccak256('aggregate-range-1x32-long'), signals);
    bytes memory signature = signStatement(offerId, signals, OWNER_KEY);
    vm.expectRevert(ISharingMarket.ProofInvalid.selector);
    market.submitAggregate(offerId, fixedSignals, long, signature);
    Proof memory proof = verifier.prove(keccak256('aggregate-range-1x32'), signals);
    signature = signStatement(offerId, signals, STRANGER_KEY);
    vm.expectRevert(ISharingMarket.SignatureInvalid.selector);
    market.submitAggregate(offerId, fixedSignals, proof, signature);
  }

  // Time and state

  function testProvesUntilTheDeadlineOnly() public {
    uint256 offerId = provingOffer();
    uint64 deadline = market.offerOf(offerId).deadline;
    vm.warp(deadline);
    submitSegment(offerId, 0, 1008, 7);
    vm.warp(deadline + 1);
    bytes memory late = abi.encodeWithSelector(ISharingMarket.TooLate.selector, deadline);
    expectSegmentRefused(offerId, segmentSignals(offerId, 1, 500, 9), late);
    expectAggregateRefused(offerId, aggregateSignals(offerId, 1508, partialsOfTwo()), late);
  }

  function testProvesNothingOnceVerified() public {
    uint256 offerId = verifiedOffer();
    bytes memory wrongState = abi.encodeWithSelector(
      ISharingMarket.WrongState.selector,
      offerId,
      ISharingMarket.OfferState.Verified
    );
    expectSegmentRefused(offerId, segmentSignals(offerId, 2, 1, 1), wrongState);
    expectAggregateRefused(offerId, aggregateSignals(offerId, 1508, partialsOfTwo()), wrongState);
  }

  function expectWrongSignal(uint256 offerId, uint256 index, uint256 value, bytes4 reason) private {
    uint256[] memory signals = segmentSignals(offerId, 0, 1008, 7);
    signals[index] = value;
    expectSegmentRefused(offerId, signals, abi.encodeWithSelector(reason));
  }

  function expectSegmentRefused(uint256 offerId, uint256[] memory signals, bytes memory reason) private {
    expectSubmissionRefused(offerId, submission(offerId, signals), reason);
  }

  function expectSubmissionRefused(
    uint256 offerId,
    ISharingMarket.SegmentSubmission[] memory submissions,
    bytes memory reason
  ) private {
    vm.expectRevert(reason);
    market.submitSegments(offerId, submissions);
  }

  function expectAggregateRefused(uint256 offerId, uint256[] memory signals, bytes memory reason) private {
    uint256[11] memory fixedSignals;
    for (uint256 i = 0; i < 11; i++) fixedSignals[i] = signals[i];
    Proof memory proof = verifier.prove(keccak256('aggregate-range-1x32'), signals);
    bytes memory signature = signStatement(offerId, signals, OWNER_KEY);
    vm.expectRevert(reason);
    market.submitAggregate(offerId, fixedSignals, proof, signature);
  }

  function expectOfferRefused(
    address caller,
    bytes32 requestId,
    bytes32 templateId,
    uint64 deadline,
    uint256 bond,
    bytes memory reason
  ) private {
    vm.expectRevert(reason);
    vm.prank(caller);
    market.offer{value: bond}(requestId, dataset, 'offer', templateId, deadline);
  }
}
