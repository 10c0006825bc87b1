// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {SharingMarket} from '../SharingMarket.sol';
import {ISharingMarket} from '../interfaces/ISharingMarket.sol';
import {vm} from './Cheatcodes.sol';
import {Scene} from './Scene.sol';

/// @notice Takes its payment and asks for it again while it is being paid.
contract GreedyReceiver {
  SharingMarket private immutable market;
  uint256 public refusals;

  constructor(SharingMarket market_) {
    market = market_;
  }

  receive() external payable {
    try market.withdraw(payable(address(this))) {
      refusals = type(uint256).max;
    } catch {
      refusals += 1;
    }
  }
}

/// @notice Takes no payment.
contract RefusingReceiver {}

/// @notice Withdrawing.
contract MoneyTest is Scene {
  function testPaysOutToAnyAddressOnce() public {
    uint256 offerId = grantedOffer();
    vm.prank(consumer);
    market.confirm(offerId);
    address payable elsewhere = payable(address(0xe15e));
    vm.prank(owner);
    market.withdraw(elsewhere);
    vm.snapshotGasLastCall('SharingMarket', 'withdraw');
    vm.assertEq(elsewhere.balance, PRICE + BOND);
    expectCredits(0, 0);
    vm.expectRevert(abi.encodeWithSelector(ISharingMarket.NothingCredited.selector, owner));
    vm.prank(owner);
    market.withdraw(elsewhere);
  }

  function testPaysNobodyTwiceByReentrancy() public {
    uint256 offerId = grantedOffer();
    vm.prank(consumer);
    market.confirm(offerId);
    GreedyReceiver greedy = new GreedyReceiver(market);
    vm.prank(owner);
    market.withdraw(payable(address(greedy)));
    vm.assertEq(address(greedy).balance, PRICE + BOND);
    vm.assertEq(greedy.refusals(), 1);
    vm.assertEq(address(market).balance, 2 * PRICE);
  }

  /// @dev The receiver is itself credited, so only the guard stops it.
  function testPaysNoOtherCreditDuringAPayment() public {
    uint256 offerId = grantedOffer();
    vm.prank(consumer);
    market.confirm(offerId);
    GreedyReceiver greedy = new GreedyReceiver(market);
    vm.etch(consumer, address(greedy).code);
    bytes32 requestId = market.offerOf(offerId).requestId;
    vm.warp(START + 11 days);
    market.reclaim(requestId);
    expectCredits(PRICE + BOND, 2 * PRICE);
    vm.prank(owner);
    market.withdraw(payable(consumer));
    vm.assertEq(GreedyReceiver(payable(consumer)).refusals(), 1);
    expectCredits(0, 2 * PRICE);
  }

  function testKeepsTheCreditWhenThePaymentIsRefused() public {
    uint256 offerId = grantedOffer();
    vm.prank(consumer);
    market.confirm(offerId);
    address payable refusing = payable(address(new RefusingReceiver()));
    vm.expectRevert(abi.encodeWithSignature('FailedCall()'));
    vm.prank(owner);
    market.withdraw(refusing);
    expectCredits(PRICE + BOND, 0);
  }
}

/// @notice Takes random steps that are allowed, and keeps its own account of the money. A step that belongs to no offer at hand is
/// skipped; one that is taken and refused fails the test.
contract Trader is Scene {
  uint256 public paidIn;
  uint256 public paidOut;
  bytes32[] private requests;
  uint256[] private offers;
  mapping(ISharingMarket.OfferState => uint256) public reached;

  constructor() {
    setUp();
    record(DATASET_SALT, OWNER_KEY, ROOT);
    vm.deal(owner, 1_000_000 ether);
    vm.deal(consumer, 1_000_000 ether);
  }

  function publishRequirement(uint96 surplus) external {
    if (requests.length == 32) return;
    requests.push(publish(bytes32(requests.length), PRICE + surplus % (3 * PRICE)));
    paidIn += PRICE + surplus % (3 * PRICE);
  }

  function addEscrow(uint256 pick, uint96 amount) external {
    (bool found, bytes32 requestId) = openRequest(pick);
    if (!found || block.timestamp > market.requirementOf(requestId).terms.deadline) return;
    vm.prank(consumer);
    market.fund{value: amount % PRICE}(requestId);
    paidIn += amount % PRICE;
  }

  function reclaimEscrow(uint256 pick) external {
    (bool found, bytes32 requestId) = openRequest(pick);
    if (!found || block.timestamp <= market.requirementOf(requestId).terms.deadline) return;
    market.reclaim(requestId);
  }

  function offerDataset(uint256 pick) external {
    (bool found, bytes32 requestId) = openRequest(pick);
    if (!found || offers.length == 256 || block.timestamp + 5 days > market.requirementOf(requestId).terms.deadline) return;
    offers.push(makeOffer(requestId, dataset, bytes32(offers.length), TEMPLATE));
    paidIn += BOND;
    reached[ISharingMarket.OfferState.Proving]++;
  }

  function proveOffer(uint256 pick) external {
    (bool found, uint256 offerId) = offerIn(pick, ISharingMarket.OfferState.Proving, true);
    if (!found) return;
    proveAll(offerId);
    reached[ISharingMarket.OfferState.Verified]++;
  }

  function acceptOffer(uint256 pick) external {
    (bool found, uint256 offerId) = offerIn(pick, ISharingMarket.OfferState.Verified, true);
    if (!found || market.requirementOf(market.offerOf(offerId).requestId).escrow < PRICE) return;
    accept(offerId);
    reached[ISharingMarket.OfferState.Accepted]++;
  }

  function grantOffer(uint256 pick) external {
    (bool found, uint256 offerId) = offerIn(pick, ISharingMarket.OfferState.Accepted, true);
    if (!found) return;
    grant(offerId);
    reached[ISharingMarket.OfferState.Granted]++;
  }

  function acknowledgeDelivery(uint256 pick) external {
    (bool found, uint256 offerId) = offerIn(pick, ISharingMarket.OfferState.Granted, true);
    if (!found) return;
    vm.prank(consumer);
    market.acknowledge(offerId);
    reached[ISharingMarket.OfferState.Delivered]++;
  }

  function declareNotDelivered(uint256 pick) external {
    (bool found, uint256 offerId) = offerIn(pick, ISharingMarket.OfferState.Granted, true);
    if (!found || market.offerOf(offerId).consumerBond != 0) return;
    vm.prank(consumer);
    market.notDelivered{value: BOND}(offerId);
    paidIn += BOND;
  }

  function postDelivery(uint256 pick, bool byProxy) external {
    (bool found, uint256 offerId) = offerIn(pick, ISharingMarket.OfferState.Granted, true);
    if (!found) return;
    vm.prank(byProxy ? proxy : owner);
    market.post(offerId, deliveryOf());
    reached[ISharingMarket.OfferState.Delivered]++;
  }

  function confirmDelivery(uint256 pick) external {
    (bool found, uint256 offerId) = offerIn(pick, ISharingMarket.OfferState.Delivered, true);
    if (!found) (found, offerId) = offerIn(pick, ISharingMarket.OfferState.Granted, false);
    if (!found) return;
    vm.prank(consumer);
    market.confirm(offerId);
    reached[ISharingMarket.OfferState.Paid]++;
  }

  function revokeOffer(uint256 pick) external {
    // Seldom, or few offers would live long enough to end in another way.
    if (offers.length == 0 || pick % 8 != 0) return;
    uint256 offerId = offers[(pick / 8) % offers.length];
    ISharingMarket.OfferState state = stateOf(offerId);
    bool delivered = state == ISharingMarket.OfferState.Delivered || state == ISharingMarket.OfferState.Paid;
    if (delivered ? market.grantOf(offerId).revoked : state > ISharingMarket.OfferState.Granted) return;
    vm.prank(owner);
    market.revoke(offerId);
    if (!delivered) reached[ISharingMarket.OfferState.Revoked]++;
  }

  function leaveByTime(uint256 pick) external {
    if (offers.length != 0) takeWayOut(offers[pick % offers.length]);
  }

  function withdrawCredits(bool ofOwner) external {
    withdraw(ofOwner ? owner : consumer);
  }

  function passTime(uint32 time) external {
    vm.warp(block.timestamp + (time % 4 hours));
  }

  /// @notice The money that the market says it holds.
  function accounted() external view returns (uint256 sum) {
    for (uint256 i = 0; i < requests.length; i++) sum += market.requirementOf(requests[i]).escrow;
    for (uint256 i = 0; i < offers.length; i++) {
      ISharingMarket.Offer memory held = market.offerOf(offers[i]);
      sum += uint256(held.price) + held.ownerBond + held.consumerBond;
    }
    sum += market.creditOf(owner) + market.creditOf(consumer);
  }

  function marketBalance() external view returns (uint256) {
    return address(market).balance;
  }

  /// @notice Nobody acts any more: time alone must bring every offer to its end and all money to its owners.
  function letTimePass() external {
    vm.warp(block.timestamp + 400 days);
    for (uint256 i = 0; i < offers.length; i++) {
      takeWayOut(offers[i]);
      vm.assertTrue(stateOf(offers[i]) >= ISharingMarket.OfferState.Paid, 'an offer has no way out by time');
      ISharingMarket.Offer memory held = market.offerOf(offers[i]);
      vm.assertEq(uint256(held.price) + held.ownerBond + held.consumerBond, 0);
    }
    for (uint256 i = 0; i < requests.length; i++) {
      if (market.requirementOf(requests[i]).state == ISharingMarket.RequirementState.Open) market.reclaim(requests[i]);
    }
    withdraw(owner);
    withdraw(consumer);
    vm.assertEq(address(market).balance, 0, 'money is stuck');
  }

  function takeWayOut(uint256 offerId) private {
    ISharingMarket.Offer memory held = market.offerOf(offerId);
    if (held.state >= ISharingMarket.OfferState.Paid || block.timestamp <= held.dueAt) return;
    vm.prank(stranger);
    if (held.state <= ISharingMarket.OfferState.Verified) market.expire(offerId);
    else if (held.state <= ISharingMarket.OfferState.Granted) market.refund(offerId);
    else market.claim(offerId);
    reached[stateOf(offerId)]++;
  }

  function withdraw(address account) private {
    uint256 credit = market.creditOf(account);
    if (credit == 0) return;
    vm.prank(account);
    market.withdraw(payable(account));
    paidOut += credit;
  }

  function openRequest(uint256 pick) private view returns (bool found, bytes32 requestId) {
    for (uint256 i = 0; i < requests.length; i++) {
      requestId = requests[(pick % requests.length + i) % requests.length];
      if (market.requirementOf(requestId).state == ISharingMarket.RequirementState.Open) return (true, requestId);
    }
  }

  function offerIn(
    uint256 pick,
    ISharingMarket.OfferState state,
    bool onTime
  ) private view returns (bool found, uint256 offerId) {
    for (uint256 i = 0; i < offers.length; i++) {
      offerId = offers[(pick % offers.length + i) % offers.length];
      ISharingMarket.Offer memory held = market.offerOf(offerId);
      if (held.state == state && (!onTime || block.timestamp <= held.dueAt)) return (true, offerId);
    }
  }
}

/// @notice Money is conserved and every state has its way out, whatever the order of steps.
contract MoneyInvariants {
  struct FuzzSelector {
    address addr;
    bytes4[] selectors;
  }

  Trader private trader;

  function setUp() public {
    trader = new Trader();
  }

  function targetContracts() external view returns (address[] memory targets) {
    targets = new address[](1);
    targets[0] = address(trader);
  }

  function targetSelectors() external view returns (FuzzSelector[] memory targets) {
    targets = new FuzzSelector[](1);
    targets[0].addr = address(trader);
    targets[0].selectors = steps();
  }

  function invariantBalanceIsEscrowPlusLockedPlusCredits() public view {
    vm.assertEq(trader.marketBalance(), trader.accounted());
    vm.assertEq(trader.marketBalance(), trader.paidIn() - trader.paidOut());
  }

  function afterInvariant() public {
    trader.letTimePass();
  }

  /// @dev The steps above do lead everywhere: three thousand of them from one seed reach every state.
  function testStepsReachEveryState() public {
    bytes4[] memory selectors = steps();
    for (uint256 i = 0; i < 3000; i++) {
      uint256 random = uint256(keccak256(abi.encode('seed', i)));
      bytes4 selector = selectors[random % selectors.length];
      uint256 argument = selector == Trader.withdrawCredits.selector ? (random >> 32) & 1 : (random >> 32) & type(uint32).max;
      (bool done, ) = address(trader).call(abi.encodeWithSelector(selector, argument, (random >> 64) & 1));
      vm.assertTrue(done);
      vm.assertEq(trader.marketBalance(), trader.accounted());
    }
    for (uint8 s = 1; s <= uint8(ISharingMarket.OfferState.Revoked); s++) {
      if (ISharingMarket.OfferState(s) == ISharingMarket.OfferState.Disputed) continue;
      vm.assertTrue(trader.reached(ISharingMarket.OfferState(s)) > 0, 'a state was never reached');
    }
    trader.letTimePass();
  }

  function steps() private pure returns (bytes4[] memory selectors) {
    selectors = new bytes4[](15);
    selectors[0] = Trader.publishRequirement.selector;
    selectors[1] = Trader.addEscrow.selector;
    selectors[2] = Trader.reclaimEscrow.selector;
    selectors[3] = Trader.offerDataset.selector;
    selectors[4] = Trader.proveOffer.selector;
    selectors[5] = Trader.acceptOffer.selector;
    selectors[6] = Trader.grantOffer.selector;
    selectors[7] = Trader.acknowledgeDelivery.selector;
    selectors[8] = Trader.declareNotDelivered.selector;
    selectors[9] = Trader.postDelivery.selector;
    selectors[10] = Trader.confirmDelivery.selector;
    selectors[11] = Trader.revokeOffer.selector;
    selectors[12] = Trader.leaveByTime.selector;
    selectors[13] = Trader.withdrawCredits.selector;
    selectors[14] = Trader.passTime.selector;
  }
}
