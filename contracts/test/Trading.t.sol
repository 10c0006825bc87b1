// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {ISharingMarket} from '../interfaces/ISharingMarket.sol';
import {vm} from './Cheatcodes.sol';
import {Scene} from './Scene.sol';

/// @notice From acceptance to the end of an offer: who may do what until when, and where the money goes on every path.
contract TradingTest is Scene {
  // Acceptance

  function testAcceptingLocksThePrice() public {
    uint256 offerId = verifiedOffer();
    bytes32 requestId = market.offerOf(offerId).requestId;
    vm.expectEmit(address(market));
    emit ISharingMarket.OfferAccepted(offerId, requestId, consumer, acceptanceOf(offerId), START + GRANT_WINDOW);
    accept(offerId);
    vm.snapshotGasLastCall('SharingMarket', 'accept');
    expectState(offerId, ISharingMarket.OfferState.Accepted);
    vm.assertEq(market.offerOf(offerId).price, PRICE);
    vm.assertEq(market.requirementOf(requestId).escrow, 2 * PRICE);
    vm.assertEq(market.offerOf(offerId).dueAt, START + GRANT_WINDOW);
  }

  function testAcceptsOnlyWhatTheChainHolds() public {
    uint256 offerId = verifiedOffer();
    for (uint256 field = 0; field < 5; field++) {
      ISharingMarket.Acceptance memory acceptance = acceptanceOf(offerId);
      if (field == 0) acceptance.recordHash ^= bytes32(uint256(1));
      else if (field == 1) acceptance.headerHash ^= bytes32(uint256(1));
      else if (field == 2) acceptance.ciphertextHash ^= bytes32(uint256(1));
      else if (field == 3) acceptance.price += 1;
      else acceptance.arbitersHash ^= bytes32(uint256(1));
      expectAcceptRefused(consumer, offerId, acceptance, abi.encodeWithSelector(ISharingMarket.AcceptanceMismatch.selector));
    }
  }

  function testAcceptsAsOftenAsTheEscrowCovers() public {
    record(DATASET_SALT, OWNER_KEY, ROOT);
    bytes32 requestId = publish('salt', 2 * PRICE + 1);
    uint256[3] memory offers;
    for (uint256 i = 0; i < 3; i++) {
      offers[i] = makeOffer(requestId, dataset, bytes32(i), TEMPLATE);
      proveAll(offers[i]);
    }
    accept(offers[0]);
    accept(offers[1]);
    bytes memory reason = abi.encodeWithSelector(ISharingMarket.EscrowTooSmall.selector, 1, PRICE);
    expectAcceptRefused(consumer, offers[2], acceptanceOf(offers[2]), reason);
    vm.prank(consumer);
    market.fund{value: PRICE - 1}(requestId);
    accept(offers[2]);
    vm.assertEq(market.requirementOf(requestId).escrow, 0);
  }

  function testAcceptsByItsPublisherInTimeBetweenLiveParties() public {
    uint256 offerId = verifiedOffer();
    ISharingMarket.Acceptance memory acceptance = acceptanceOf(offerId);
    enrol(stranger, 2);
    expectAcceptRefused(stranger, offerId, acceptance, abi.encodeWithSelector(ISharingMarket.NotAllowed.selector, stranger));
    uint64 deadline = market.offerOf(offerId).deadline;
    vm.warp(deadline + 1);
    expectAcceptRefused(consumer, offerId, acceptance, abi.encodeWithSelector(ISharingMarket.TooLate.selector, deadline));
    vm.warp(deadline);
    vm.prank(pkg);
    registry.revoke(owner);
    expectAcceptRefused(consumer, offerId, acceptance, abi.encodeWithSelector(ISharingMarket.NotLive.selector, owner, 1));
    vm.prank(pkg);
    registry.revoke(consumer);
    expectAcceptRefused(consumer, offerId, acceptance, abi.encodeWithSelector(ISharingMarket.NotLive.selector, consumer, 2));
  }

  // Grant

  function testGrants() public {
    uint256 offerId = acceptedOffer();
    vm.assertFalse(market.isGrantLive(offerId));
    grant(offerId);
    vm.snapshotGasLastCall('SharingMarket', 'grant');
    expectState(offerId, ISharingMarket.OfferState.Granted);
    ISharingMarket.Grant memory held = market.grantOf(offerId);
    vm.assertEq(held.grantHash, grantHash);
    vm.assertEq(held.threshold, 2);
    vm.assertEq(held.proxies, 3);
    vm.assertEq(held.liveUntil, START + 30 days);
    vm.assertFalse(held.revoked);
    vm.assertTrue(market.isGrantLive(offerId));
    vm.assertEq(market.offerOf(offerId).dueAt, START + DELIVER_WINDOW);
  }

  function testGrantsOnlyByTheOwnersSignatureForThisOffer() public {
    uint256 offerId = acceptedOffer();
    uint64 liveUntil = START + 30 days;
    bytes memory byOwner = signGrant(offerId, 2, 3, liveUntil, OWNER_KEY);
    bytes memory byStranger = signGrant(offerId, 2, 3, liveUntil, STRANGER_KEY);
    bytes memory forAnotherOffer = signGrant(offerId + 1, 2, 3, liveUntil, OWNER_KEY);
    bytes memory reason = abi.encodeWithSelector(ISharingMarket.SignatureInvalid.selector);
    expectGrantRefused(offerId, grantHash, 2, 3, liveUntil, byStranger, reason);
    expectGrantRefused(offerId, grantHash, 2, 3, liveUntil, forAnotherOffer, reason);
    expectGrantRefused(offerId, grantHash ^ bytes32(uint256(1)), 2, 3, liveUntil, byOwner, reason);
    expectGrantRefused(offerId, grantHash, 1, 3, liveUntil, byOwner, reason);
    expectGrantRefused(offerId, grantHash, 2, 4, liveUntil, byOwner, reason);
    expectGrantRefused(offerId, grantHash, 2, 3, liveUntil + 1, byOwner, reason);
  }

  function testRefusesGrantsThatCannotServe() public {
    uint256 offerId = acceptedOffer();
    uint64 due = START + DELIVER_WINDOW;
    bytes memory reason = abi.encodeWithSelector(ISharingMarket.GrantInvalid.selector);
    bytes memory signature = signGrant(offerId, 0, 3, due, OWNER_KEY);
    expectGrantRefused(offerId, grantHash, 0, 3, due, signature, reason);
    signature = signGrant(offerId, 4, 3, due, OWNER_KEY);
    expectGrantRefused(offerId, grantHash, 4, 3, due, signature, reason);
    signature = signGrant(offerId, 2, 3, due - 1, OWNER_KEY);
    expectGrantRefused(offerId, grantHash, 2, 3, due - 1, signature, reason);
    signature = signFor(address(market), OWNER_KEY, grantStructHash(offerId, 0, 2, 3, due));
    expectGrantRefused(offerId, 0, 2, 3, due, signature, reason);
    market.grant(offerId, grantHash, 1, 1, due, signGrant(offerId, 1, 1, due, OWNER_KEY));
  }

  function testGrantsUntilItsWindowCloses() public {
    uint256 offerId = acceptedOffer();
    vm.warp(START + GRANT_WINDOW + 1);
    uint64 liveUntil = START + 30 days;
    bytes memory signature = signGrant(offerId, 2, 3, liveUntil, OWNER_KEY);
    bytes memory late = abi.encodeWithSelector(ISharingMarket.TooLate.selector, START + GRANT_WINDOW);
    expectGrantRefused(offerId, grantHash, 2, 3, liveUntil, signature, late);
    vm.warp(START + GRANT_WINDOW);
    grant(offerId);
  }

  // Delivered and paid

  function testPaysOnConfirmation() public {
    uint256 offerId = grantedOffer();
    vm.prank(consumer);
    market.confirm(offerId);
    vm.snapshotGasLastCall('SharingMarket', 'confirm');
    expectState(offerId, ISharingMarket.OfferState.Paid);
    expectCredits(PRICE + BOND, 0);
    vm.assertTrue(market.isGrantLive(offerId));
  }

  function testReturnsTheConsumersBondWhenItConfirmsAfterACall() public {
    uint256 offerId = grantedOffer();
    callForDelivery(offerId);
    vm.prank(owner);
    market.post(offerId, deliveryOf());
    vm.prank(consumer);
    market.confirm(offerId);
    expectCredits(PRICE + BOND, BOND);
  }

  function testPaysAfterSilenceFollowingAPosting() public {
    uint256 offerId = grantedOffer();
    vm.warp(START + DELIVER_WINDOW);
    vm.expectEmit(address(market));
    uint64 due = START + DELIVER_WINDOW + CONFIRM_WINDOW;
    emit ISharingMarket.DeliveryPosted(offerId, market.offerOf(offerId).requestId, owner, deliveryOf(), due);
    vm.prank(owner);
    market.post(offerId, deliveryOf());
    vm.snapshotGasLastCall('SharingMarket', 'post, of a few bytes');
    vm.warp(due);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.TooEarly.selector, due));
    market.claim(offerId);
    vm.warp(due + 1);
    market.claim(offerId);
    vm.snapshotGasLastCall('SharingMarket', 'claim');
    expectState(offerId, ISharingMarket.OfferState.Paid);
    expectCredits(PRICE + BOND, 0);
  }

  function testPaysAfterSilenceFollowingAnAcknowledgement() public {
    uint256 offerId = grantedOffer();
    vm.prank(consumer);
    market.acknowledge(offerId);
    expectState(offerId, ISharingMarket.OfferState.Delivered);
    vm.warp(START + CONFIRM_WINDOW + 1);
    market.claim(offerId);
    expectCredits(PRICE + BOND, 0);
  }

  function testGivesTheConsumersBondToTheOwnerWhenItCallsAndThenIsSilent() public {
    uint256 offerId = grantedOffer();
    callForDelivery(offerId);
    vm.prank(owner);
    market.post(offerId, deliveryOf());
    vm.warp(START + CONFIRM_WINDOW + 1);
    market.claim(offerId);
    expectCredits(PRICE + 2 * BOND, 0);
  }

  /// @dev The clock of silence starts at delivery or posting, not at the grant.
  function testNeverPaysForSilenceWithoutDelivery() public {
    uint256 offerId = grantedOffer();
    vm.warp(START + 300 days);
    expectWrongState(offerId, ISharingMarket.OfferState.Granted);
    market.claim(offerId);
    market.refund(offerId);
    expectCredits(BOND, PRICE);
  }

  // Not granted, not delivered

  function testRefundsWithTheOwnersBondWhenItNeverGrants() public {
    uint256 offerId = acceptedOffer();
    vm.warp(START + GRANT_WINDOW);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.TooEarly.selector, START + GRANT_WINDOW));
    market.refund(offerId);
    vm.warp(START + GRANT_WINDOW + 1);
    vm.prank(stranger);
    market.refund(offerId);
    vm.snapshotGasLastCall('SharingMarket', 'refund');
    expectState(offerId, ISharingMarket.OfferState.Refunded);
    expectCredits(0, PRICE + BOND);
  }

  function testRefundsWhenNothingIsPostedNorAcknowledged() public {
    uint256 offerId = grantedOffer();
    vm.warp(START + DELIVER_WINDOW);
    vm.assertTrue(market.isGrantLive(offerId));
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.TooEarly.selector, START + DELIVER_WINDOW));
    market.refund(offerId);
    vm.warp(START + DELIVER_WINDOW + 1);
    vm.assertFalse(market.isGrantLive(offerId));
    market.refund(offerId);
    expectState(offerId, ISharingMarket.OfferState.Refunded);
    expectCredits(BOND, PRICE);
    vm.assertFalse(market.isGrantLive(offerId));
  }

  function testGivesTheOwnersBondToTheConsumerWhenACallIsNotAnswered() public {
    uint256 offerId = grantedOffer();
    vm.warp(START + DELIVER_WINDOW);
    callForDelivery(offerId);
    uint64 due = START + 2 * DELIVER_WINDOW;
    vm.assertEq(market.offerOf(offerId).dueAt, due);
    vm.warp(due);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.TooEarly.selector, due));
    market.refund(offerId);
    vm.warp(due + 1);
    market.refund(offerId);
    expectCredits(0, PRICE + 2 * BOND);
  }

  function testTakesOneCallFromTheConsumerInTimeForItsBond() public {
    uint256 offerId = grantedOffer();
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.NotAllowed.selector, owner));
    vm.prank(owner);
    market.notDelivered{value: BOND}(offerId);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.WrongPayment.selector, 0, BOND));
    vm.prank(consumer);
    market.notDelivered(offerId);
    callForDelivery(offerId);
    vm.expectRevert(ISharingMarket.AlreadyDeclared.selector);
    vm.prank(consumer);
    market.notDelivered{value: BOND}(offerId);
  }

  function testTakesNoCallAfterTheWindow() public {
    uint256 offerId = grantedOffer();
    vm.warp(START + DELIVER_WINDOW + 1);
    bytes memory late = abi.encodeWithSelector(ISharingMarket.TooLate.selector, START + DELIVER_WINDOW);
    vm.expectRevert(late);
    vm.prank(consumer);
    market.notDelivered{value: BOND}(offerId);
    vm.expectRevert(late);
    vm.prank(consumer);
    market.acknowledge(offerId);
    vm.expectRevert(late);
    vm.prank(owner);
    market.post(offerId, deliveryOf());
  }

  // Posting

  function testPostsByOwnerOrLiveProxyOnly() public {
    uint256 offerId = grantedOffer();
    address[2] memory others = [consumer, stranger];
    for (uint256 i = 0; i < 2; i++) {
      vm.expectRevert(abi.encodeWithSelector(ISharingMarket.NotAllowed.selector, others[i]));
      vm.prank(others[i]);
      market.post(offerId, deliveryOf());
    }
    vm.prank(proxy);
    market.post(offerId, deliveryOf());
    expectState(offerId, ISharingMarket.OfferState.Delivered);
    vm.prank(pkg);
    registry.revoke(proxy);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.NotAllowed.selector, proxy));
    vm.prank(proxy);
    market.post(offerId, deliveryOf());
  }

  function testPostsOnlyWhatTheChainNames() public {
    uint256 offerId = grantedOffer();
    ISharingMarket.Delivery memory delivery = deliveryOf();
    delivery.header = 'another header';
    expectPostRefused(offerId, delivery);
    delivery = deliveryOf();
    delivery.grant = 'another grant';
    expectPostRefused(offerId, delivery);
    delivery = deliveryOf();
    delivery.fragments = new bytes[](1);
    expectPostRefused(offerId, delivery);
  }

  function testPostingAgainChangesNoClock() public {
    uint256 offerId = deliveredOffer();
    vm.warp(START + 60);
    vm.prank(proxy);
    market.post(offerId, deliveryOf());
    vm.assertEq(market.offerOf(offerId).dueAt, START + CONFIRM_WINDOW);
  }

  // Expiry and revocation

  function testReturnsTheBondWhenNobodyAccepts() public {
    uint256 offerId = verifiedOffer();
    uint64 deadline = market.offerOf(offerId).deadline;
    vm.warp(deadline);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.TooEarly.selector, deadline));
    market.expire(offerId);
    vm.warp(deadline + 1);
    market.expire(offerId);
    expectState(offerId, ISharingMarket.OfferState.Expired);
    expectCredits(BOND, 0);
  }

  function testReturnsTheBondWhenTheProofIsNeverFinished() public {
    uint256 offerId = provingOffer();
    vm.warp(START + 5 days + 1);
    market.expire(offerId);
    expectCredits(BOND, 0);
  }

  function testRevokingBeforeAcceptanceCostsNothing() public {
    uint256 offerId = verifiedOffer();
    revokeByOwner(offerId);
    expectState(offerId, ISharingMarket.OfferState.Revoked);
    expectCredits(BOND, 0);
    offerId = makeOffer(market.offerOf(offerId).requestId, dataset, 'second', TEMPLATE);
    revokeByOwner(offerId);
    expectCredits(2 * BOND, 0);
  }

  function testRevokingAPromiseRefundsWithTheBond() public {
    uint256 offerId = acceptedOffer();
    revokeByOwner(offerId);
    expectState(offerId, ISharingMarket.OfferState.Revoked);
    expectCredits(0, PRICE + BOND);
  }

  function testRevokingAGrantBeforeDeliveryRefundsWithBothBonds() public {
    uint256 offerId = grantedOffer();
    callForDelivery(offerId);
    revokeByOwner(offerId);
    expectState(offerId, ISharingMarket.OfferState.Revoked);
    vm.assertTrue(market.grantOf(offerId).revoked);
    vm.assertFalse(market.isGrantLive(offerId));
    expectCredits(0, PRICE + 2 * BOND);
  }

  function testRevokingAfterDeliveryOnlyEndsTheGrant() public {
    uint256 offerId = deliveredOffer();
    vm.assertTrue(market.isGrantLive(offerId));
    revokeByOwner(offerId);
    vm.assertFalse(market.isGrantLive(offerId));
    expectState(offerId, ISharingMarket.OfferState.Delivered);
    expectCredits(0, 0);
    vm.expectRevert(ISharingMarket.AlreadyRevoked.selector);
    revokeByOwner(offerId);
    vm.prank(consumer);
    market.confirm(offerId);
    expectCredits(PRICE + BOND, 0);
  }

  function testRevokesByTheOwnerOnly() public {
    uint256 offerId = grantedOffer();
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.NotAllowed.selector, consumer));
    vm.prank(consumer);
    market.revoke(offerId);
  }

  function testAGrantEndsByItself() public {
    uint256 offerId = deliveredOffer();
    vm.prank(consumer);
    market.confirm(offerId);
    vm.warp(START + 30 days);
    vm.assertTrue(market.isGrantLive(offerId));
    vm.warp(START + 30 days + 1);
    vm.assertFalse(market.isGrantLive(offerId));
  }

  // Every step in every state

  /// @dev Each step is refused in each state that it does not belong to.
  function testRefusesEveryStepInEveryOtherState() public {
    record(DATASET_SALT, OWNER_KEY, ROOT);
    bytes32 requestId = publish('salt', 20 * PRICE);
    // Bit s of steps[i]: step i belongs to state s.
    uint256[9] memory belongs = [
      bit(ISharingMarket.OfferState.Verified), // accept
      bit(ISharingMarket.OfferState.Accepted), // grant
      bit(ISharingMarket.OfferState.Granted), // acknowledge
      bit(ISharingMarket.OfferState.Granted), // notDelivered
      bit(ISharingMarket.OfferState.Granted) | bit(ISharingMarket.OfferState.Delivered), // post
      bit(ISharingMarket.OfferState.Granted) | bit(ISharingMarket.OfferState.Delivered), // confirm
      bit(ISharingMarket.OfferState.Delivered), // claim
      bit(ISharingMarket.OfferState.Accepted) | bit(ISharingMarket.OfferState.Granted), // refund
      bit(ISharingMarket.OfferState.Proving) | bit(ISharingMarket.OfferState.Verified) // expire
    ];
    uint256 refused;
    for (uint8 s = 0; s <= uint8(ISharingMarket.OfferState.Revoked); s++) {
      ISharingMarket.OfferState state = ISharingMarket.OfferState(s);
      if (state == ISharingMarket.OfferState.Disputed) continue;
      uint256 offerId = offerInState(requestId, state);
      expectState(offerId, state);
      for (uint256 step = 0; step < 9; step++) {
        if ((belongs[step] >> s) & 1 == 1) continue;
        expectWrongState(offerId, state);
        takeStep(step, offerId);
        refused++;
      }
    }
    vm.assertEq(refused, 9 * 10 - 13);
  }

  function offerInState(bytes32 requestId, ISharingMarket.OfferState state) private returns (uint256 offerId) {
    bytes32 salt = bytes32(uint256(state));
    if (state == ISharingMarket.OfferState.None) return offerIdOf(requestId, dataset, salt);
    vm.warp(START);
    offerId = makeOffer(requestId, dataset, salt, TEMPLATE);
    if (state == ISharingMarket.OfferState.Proving) return offerId;
    if (state == ISharingMarket.OfferState.Revoked) {
      revokeByOwner(offerId);
      return offerId;
    }
    if (state == ISharingMarket.OfferState.Expired) {
      vm.warp(START + 6 days);
      market.expire(offerId);
      return offerId;
    }
    proveAll(offerId);
    if (state == ISharingMarket.OfferState.Verified) return offerId;
    accept(offerId);
    if (state == ISharingMarket.OfferState.Accepted) return offerId;
    if (state == ISharingMarket.OfferState.Refunded) {
      vm.warp(START + 1 days);
      market.refund(offerId);
      return offerId;
    }
    grant(offerId);
    if (state == ISharingMarket.OfferState.Granted) return offerId;
    vm.prank(consumer);
    if (state == ISharingMarket.OfferState.Paid) market.confirm(offerId);
    else market.acknowledge(offerId);
  }

  function takeStep(uint256 step, uint256 offerId) private {
    if (step == 0) {
      ISharingMarket.Acceptance memory acceptance;
      vm.prank(consumer);
      market.accept(offerId, acceptance);
    } else if (step == 1) market.grant(offerId, 0, 1, 1, 0, '');
    else if (step == 2) {
      vm.prank(consumer);
      market.acknowledge(offerId);
    } else if (step == 3) {
      vm.prank(consumer);
      market.notDelivered{value: BOND}(offerId);
    } else if (step == 4) {
      vm.prank(owner);
      market.post(offerId, deliveryOf());
    } else if (step == 5) {
      vm.prank(consumer);
      market.confirm(offerId);
    } else if (step == 6) market.claim(offerId);
    else if (step == 7) market.refund(offerId);
    else market.expire(offerId);
  }

  function testConfirmsAndAcknowledgesByTheConsumerOnly() public {
    uint256 offerId = grantedOffer();
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.NotAllowed.selector, owner));
    vm.prank(owner);
    market.confirm(offerId);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.NotAllowed.selector, owner));
    vm.prank(owner);
    market.acknowledge(offerId);
  }

  function testRevokesNothingThatHasEnded() public {
    uint256 offerId = acceptedOffer();
    revokeByOwner(offerId);
    expectWrongState(offerId, ISharingMarket.OfferState.Revoked);
    revokeByOwner(offerId);
    expectWrongState(1, ISharingMarket.OfferState.None);
    revokeByOwner(1);
  }

  function bit(ISharingMarket.OfferState state) private pure returns (uint256) {
    return 1 << uint8(state);
  }

  function callForDelivery(uint256 offerId) private {
    vm.prank(consumer);
    market.notDelivered{value: BOND}(offerId);
  }

  function revokeByOwner(uint256 offerId) private {
    vm.prank(owner);
    market.revoke(offerId);
  }

  function expectWrongState(uint256 offerId, ISharingMarket.OfferState state) private {
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.WrongState.selector, offerId, state));
  }

  function expectAcceptRefused(
    address caller,
    uint256 offerId,
    ISharingMarket.Acceptance memory acceptance,
    bytes memory reason
  ) private {
    vm.expectRevert(reason);
    vm.prank(caller);
    market.accept(offerId, acceptance);
  }

  function expectGrantRefused(
    uint256 offerId,
    bytes32 hash,
    uint8 threshold,
    uint8 proxies,
    uint64 liveUntil,
    bytes memory signature,
    bytes memory reason
  ) private {
    vm.expectRevert(reason);
    market.grant(offerId, hash, threshold, proxies, liveUntil, signature);
  }

  function expectPostRefused(uint256 offerId, ISharingMarket.Delivery memory delivery) private {
    vm.expectRevert(ISharingMarket.DeliveryMismatch.selector);
    vm.prank(owner);
    market.post(offerId, delivery);
  }
}
