// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {Address} from '@openzeppelin/contracts/utils/Address.sol';
import {EIP712} from '@openzeppelin/contracts/utils/cryptography/EIP712.sol';
import {SafeCast} from '@openzeppelin/contracts/utils/math/SafeCast.sol';
import {ReentrancyGuard} from '@openzeppelin/contracts/utils/ReentrancyGuard.sol';
import {BitMaps} from '@openzeppelin/contracts/utils/structs/BitMaps.sol';
import {IDataRecords} from './interfaces/IDataRecords.sol';
import {IEntityRegistry} from './interfaces/IEntityRegistry.sol';
import {IProofVerifier, Proof} from './interfaces/IProofVerifier.sol';
import {ISharingMarket} from './interfaces/ISharingMarket.sol';
import {RangeTemplates} from './libraries/RangeTemplates.sol';
import {Roles} from './libraries/Roles.sol';
import {Signatures} from './libraries/Signatures.sol';
import {Statements} from './libraries/Statements.sol';

/// @title The market
/// @notice The states, their ways out and the invariants are those of {ISharingMarket}. The only call that hands over control is the
/// payment in {withdraw}, which comes after its effects; registry, records and verifier are fixed at deployment and only read.
contract SharingMarket is ISharingMarket, EIP712, ReentrancyGuard {
  using BitMaps for BitMaps.BitMap;
  using SafeCast for uint256;

  bytes32 private constant SEGMENT_TYPEHASH = keccak256('SegmentStatement(uint256[9] publicSignals,uint256 deadline)');
  bytes32 private constant AGGREGATE_TYPEHASH = keccak256('AggregateStatement(uint256[11] publicSignals,uint256 deadline)');
  bytes32 private constant GRANT_TYPEHASH =
    keccak256('Grant(uint256 offerId,bytes32 grantHash,uint8 threshold,uint8 proxies,uint64 liveUntil)');

  /// @notice Shortest and longest window of a requirement, in seconds.
  uint32 public constant WINDOW_MIN = 1 minutes;
  uint32 public constant WINDOW_MAX = 30 days;
  /// @notice How far ahead a requirement's deadline may lie, in seconds.
  uint64 public constant DEADLINE_AHEAD_MAX = 366 days;
  /// @notice Bytes of a requirement's words.
  uint256 public constant WORDS_BYTES_MAX = 4096;

  /// @notice The enrolled pseudonyms.
  IEntityRegistry public immutable registry;
  /// @notice The data records.
  IDataRecords public immutable records;
  /// @notice The proof system.
  IProofVerifier public immutable verifier;

  mapping(bytes32 requestId => Requirement) private _requirements;
  mapping(uint256 offerId => Offer) private _offers;
  mapping(uint256 offerId => Grant) private _grants;
  mapping(uint256 offerId => BitMaps.BitMap) private _proved;
  mapping(uint256 offerId => mapping(uint256 segmentIndex => uint256)) private _partials;
  mapping(address account => uint256) private _credits;

  constructor(IEntityRegistry registry_, IDataRecords records_, IProofVerifier verifier_) EIP712('Vouchsafe', '1') {
    registry = registry_;
    records = records_;
    verifier = verifier_;
  }

  // Requirements

  /// @inheritdoc ISharingMarket
  function publish(
    bytes32 salt,
    uint256 requirementHash,
    RequirementFields calldata fields,
    Terms calldata terms,
    Proof calldata proof,
    string calldata words
  ) external payable returns (bytes32 requestId) {
    _requireLive(msg.sender, Roles.CONSUMER);
    if (bytes(words).length > WORDS_BYTES_MAX) revert WordsTooLong(bytes(words).length, WORDS_BYTES_MAX);
    _requireTerms(terms);
    requestId = keccak256(abi.encode(msg.sender, salt));
    Requirement storage requirement = _requirements[requestId];
    if (requirement.state != RequirementState.None) revert RequirementAlreadyPublished(requestId);
    if (msg.value < terms.price) revert EscrowTooSmall(msg.value, terms.price);

    uint256 binding = Statements.requirementBinding(requestId, msg.sender, terms.deadline);
    uint256[] memory signals = Statements.requirementSignals(requirementHash, fields, binding);
    if (!verifier.verify(RangeTemplates.REQUIREMENT_CIRCUIT, signals, proof)) revert ProofInvalid();

    requirement.state = RequirementState.Open;
    requirement.publisher = msg.sender;
    requirement.slotCount = fields.slotCount;
    requirement.width = fields.width;
    requirement.escrow = msg.value.toUint128();
    requirement.requirementHash = requirementHash;
    requirement.terms = terms;
    emit RequirementPublished(requestId, msg.sender, requirementHash, fields, terms, msg.value, words);
  }

  /// @inheritdoc ISharingMarket
  function fund(bytes32 requestId) external payable {
    Requirement storage requirement = _openRequirement(requestId);
    if (msg.sender != requirement.publisher) revert NotAllowed(msg.sender);
    _requireOnTime(requirement.terms.deadline);
    uint256 escrow = requirement.escrow + msg.value;
    requirement.escrow = escrow.toUint128();
    emit RequirementFunded(requestId, msg.sender, msg.value, escrow);
  }

  /// @inheritdoc ISharingMarket
  function reclaim(bytes32 requestId) external {
    Requirement storage requirement = _openRequirement(requestId);
    _requireOver(requirement.terms.deadline);
    uint256 returned = requirement.escrow;
    requirement.state = RequirementState.Closed;
    requirement.escrow = 0;
    _credit(requirement.publisher, returned);
    emit RequirementClosed(requestId, requirement.publisher, returned);
  }

  // Offers and their proofs

  /// @inheritdoc ISharingMarket
  function offer(
    bytes32 requestId,
    bytes32 datasetId,
    bytes32 salt,
    bytes32 templateId,
    uint64 deadline
  ) external payable returns (uint256 offerId) {
    _requireLive(msg.sender, Roles.OWNER);
    Requirement storage requirement = _openRequirement(requestId);
    if (deadline < block.timestamp || deadline > requirement.terms.deadline) revert DeadlineInvalid(deadline);
    if (RangeTemplates.capacityOf(templateId, requirement.slotCount, requirement.width) == 0) revert WrongTemplate(templateId);
    _requirePayment(requirement.terms.bond);
    IDataRecords.DataRecord memory held = records.dataRecord(datasetId);
    if (held.owner != msg.sender) revert DatasetNotRecorded(datasetId);
    offerId = uint256(keccak256(abi.encode(requestId, datasetId, msg.sender, salt)));
    if (_offers[offerId].state != OfferState.None) revert OfferAlreadyMade(offerId);

    Offer memory made;
    made.state = OfferState.Proving;
    made.owner = msg.sender;
    made.deadline = deadline;
    made.dueAt = deadline;
    made.requestId = requestId;
    made.datasetId = datasetId;
    made.datasetRoot = held.datasetRoot;
    made.templateId = templateId;
    made.binding = Statements.offerBinding(offerId, made);
    made.ownerBond = requirement.terms.bond;
    _offers[offerId] = made;
    emit OfferMade(offerId, requestId, msg.sender, datasetId, held.datasetRoot, templateId, deadline, made.binding);
  }

  /// @inheritdoc ISharingMarket
  function submitSegments(uint256 offerId, SegmentSubmission[] calldata submissions) external {
    Offer storage held = _inState(offerId, OfferState.Proving);
    _requireOnTime(held.dueAt);
    Requirement storage requirement = _requirements[held.requestId];
    bytes32 circuitId = RangeTemplates.segmentCircuit(requirement.slotCount, requirement.width);
    uint256 capacity = RangeTemplates.capacityOf(held.templateId, requirement.slotCount, requirement.width);
    for (uint256 i = 0; i < submissions.length; i++) {
      SegmentSubmission calldata submission = submissions[i];
      uint256[] memory signals = new uint256[](9);
      for (uint256 k = 0; k < 9; k++) signals[k] = submission.publicSignals[k];
      _requireStatement(held, requirement.requirementHash, circuitId, SEGMENT_TYPEHASH, signals, submission.proof, submission.signature);
      _takeSegment(offerId, held, capacity, signals[6], signals[7], signals[8]);
    }
  }

  /// @inheritdoc ISharingMarket
  function submitAggregate(
    uint256 offerId,
    uint256[11] calldata publicSignals,
    Proof calldata proof,
    bytes calldata signature
  ) external {
    Offer storage held = _inState(offerId, OfferState.Proving);
    _requireOnTime(held.dueAt);
    Requirement storage requirement = _requirements[held.requestId];
    uint256 capacity = RangeTemplates.capacityOf(held.templateId, requirement.slotCount, requirement.width);
    bytes32 circuitId = RangeTemplates.aggregateCircuit(requirement.slotCount, requirement.width, capacity);
    uint256[] memory signals = new uint256[](11);
    for (uint256 k = 0; k < 11; k++) signals[k] = publicSignals[k];
    _requireStatement(held, requirement.requirementHash, circuitId, AGGREGATE_TYPEHASH, signals, proof, signature);

    _takeAggregate(offerId, held, capacity, signals);
  }

  // From acceptance to delivery

  /// @inheritdoc ISharingMarket
  function accept(uint256 offerId, Acceptance calldata acceptance) external {
    Offer storage held = _inState(offerId, OfferState.Verified);
    Requirement storage requirement = _requireConsumer(held);
    _requireOnTime(held.dueAt);
    _requireLive(msg.sender, Roles.CONSUMER);
    _requireLive(held.owner, Roles.OWNER);
    IDataRecords.DataRecord memory made = records.dataRecord(held.datasetId);
    uint128 price = requirement.terms.price;
    if (
      acceptance.recordHash != records.recordHash(held.datasetId) ||
      acceptance.headerHash != made.headerHash ||
      acceptance.ciphertextHash != made.ciphertextHash ||
      acceptance.price != price ||
      acceptance.arbitersHash != requirement.terms.arbitersHash
    ) revert AcceptanceMismatch();
    if (requirement.escrow < price) revert EscrowTooSmall(requirement.escrow, price);

    requirement.escrow -= price;
    held.price = price;
    held.state = OfferState.Accepted;
    held.dueAt = _in(requirement.terms.grantWindow);
    emit OfferAccepted(offerId, held.requestId, msg.sender, acceptance, held.dueAt);
  }

  /// @inheritdoc ISharingMarket
  function grant(
    uint256 offerId,
    bytes32 grantHash,
    uint8 threshold,
    uint8 proxies,
    uint64 liveUntil,
    bytes calldata signature
  ) external {
    Offer storage held = _inState(offerId, OfferState.Accepted);
    _requireOnTime(held.dueAt);
    bytes32 structHash = keccak256(abi.encode(GRANT_TYPEHASH, offerId, grantHash, threshold, proxies, liveUntil));
    if (!Signatures.isBy(held.owner, _hashTypedDataV4(structHash), signature)) revert SignatureInvalid();
    uint64 dueAt = _in(_requirements[held.requestId].terms.deliverWindow);
    // A grant that ends before delivery is due would be a promise not to deliver.
    if (grantHash == 0 || threshold == 0 || threshold > proxies || liveUntil < dueAt) revert GrantInvalid();

    _grants[offerId] = Grant({grantHash: grantHash, threshold: threshold, proxies: proxies, liveUntil: liveUntil, revoked: false});
    held.state = OfferState.Granted;
    held.dueAt = dueAt;
    emit OfferGranted(offerId, held.requestId, held.owner, grantHash, threshold, proxies, liveUntil, dueAt);
  }

  /// @inheritdoc ISharingMarket
  function acknowledge(uint256 offerId) external {
    Offer storage held = _inState(offerId, OfferState.Granted);
    Requirement storage requirement = _requireConsumer(held);
    _requireOnTime(held.dueAt);
    held.state = OfferState.Delivered;
    held.dueAt = _in(requirement.terms.confirmWindow);
    emit DeliveryAcknowledged(offerId, held.requestId, msg.sender, held.dueAt);
  }

  /// @inheritdoc ISharingMarket
  function notDelivered(uint256 offerId) external payable {
    Offer storage held = _inState(offerId, OfferState.Granted);
    Requirement storage requirement = _requireConsumer(held);
    _requireOnTime(held.dueAt);
    if (held.consumerBond != 0) revert AlreadyDeclared();
    _requirePayment(requirement.terms.bond);
    held.consumerBond = requirement.terms.bond;
    // The owner, who may just learn of it, gets the whole window to answer.
    held.dueAt = _in(requirement.terms.deliverWindow);
    emit DeliveryMissing(offerId, held.requestId, msg.sender, msg.value, held.dueAt);
  }

  /// @inheritdoc ISharingMarket
  function post(uint256 offerId, Delivery calldata delivery) external {
    Offer storage held = _offers[offerId];
    if (held.state != OfferState.Granted && held.state != OfferState.Delivered) revert WrongState(offerId, held.state);
    if (msg.sender != held.owner && !registry.isLive(msg.sender, Roles.PROXY)) revert NotAllowed(msg.sender);
    Grant storage granted = _grants[offerId];
    if (
      sha256(delivery.header) != records.dataRecord(held.datasetId).headerHash ||
      sha256(delivery.grant) != granted.grantHash ||
      delivery.fragments.length < granted.threshold
    ) revert DeliveryMismatch();

    if (held.state == OfferState.Granted) {
      _requireOnTime(held.dueAt);
      held.state = OfferState.Delivered;
      held.dueAt = _in(_requirements[held.requestId].terms.confirmWindow);
    }
    emit DeliveryPosted(offerId, held.requestId, msg.sender, delivery, held.dueAt);
  }

  // Ends

  /// @inheritdoc ISharingMarket
  function confirm(uint256 offerId) external {
    Offer storage held = _offers[offerId];
    if (held.state != OfferState.Granted && held.state != OfferState.Delivered) revert WrongState(offerId, held.state);
    _requireConsumer(held);
    (uint256 price, uint256 ownerBond, uint256 consumerBond) = _close(held, OfferState.Paid);
    _credit(held.owner, price + ownerBond);
    _credit(msg.sender, consumerBond);
    emit OfferConfirmed(offerId, held.requestId, msg.sender, price);
  }

  /// @inheritdoc ISharingMarket
  function claim(uint256 offerId) external {
    Offer storage held = _inState(offerId, OfferState.Delivered);
    _requireOver(held.dueAt);
    (uint256 price, uint256 ownerBond, uint256 consumerBond) = _close(held, OfferState.Paid);
    _credit(held.owner, price + ownerBond + consumerBond);
    emit OfferClaimed(offerId, held.requestId, held.owner, price);
  }

  /// @inheritdoc ISharingMarket
  function refund(uint256 offerId) external {
    Offer storage held = _offers[offerId];
    bool granted = held.state == OfferState.Granted;
    if (!granted && held.state != OfferState.Accepted) revert WrongState(offerId, held.state);
    _requireOver(held.dueAt);
    (uint256 price, uint256 ownerBond, uint256 consumerBond) = _close(held, OfferState.Refunded);
    // An owner that grants and then ignores the call for delivery is no better off than one that never grants.
    uint256 forfeited = granted && consumerBond == 0 ? 0 : ownerBond;
    address consumer = _requirements[held.requestId].publisher;
    _credit(consumer, price + consumerBond + forfeited);
    _credit(held.owner, ownerBond - forfeited);
    emit OfferRefunded(offerId, held.requestId, consumer, price, forfeited);
  }

  /// @inheritdoc ISharingMarket
  function expire(uint256 offerId) external {
    Offer storage held = _offers[offerId];
    if (held.state != OfferState.Proving && held.state != OfferState.Verified) revert WrongState(offerId, held.state);
    _requireOver(held.dueAt);
    (, uint256 ownerBond, ) = _close(held, OfferState.Expired);
    _credit(held.owner, ownerBond);
    emit OfferExpired(offerId, held.requestId, held.owner);
  }

  /// @inheritdoc ISharingMarket
  function revoke(uint256 offerId) external {
    Offer storage held = _offers[offerId];
    OfferState state = held.state;
    if (state != OfferState.None && msg.sender != held.owner) revert NotAllowed(msg.sender);
    if (state == OfferState.Delivered || state == OfferState.Paid) {
      if (_grants[offerId].revoked) revert AlreadyRevoked();
      _grants[offerId].revoked = true;
      emit GrantRevoked(offerId, held.requestId, msg.sender);
      return;
    }
    bool promised = state == OfferState.Accepted || state == OfferState.Granted;
    if (!promised && state != OfferState.Proving && state != OfferState.Verified) revert WrongState(offerId, state);
    (uint256 price, uint256 ownerBond, uint256 consumerBond) = _close(held, OfferState.Revoked);
    if (state == OfferState.Granted) _grants[offerId].revoked = true;
    if (promised) _credit(_requirements[held.requestId].publisher, price + ownerBond + consumerBond);
    else _credit(msg.sender, ownerBond);
    emit OfferRevoked(offerId, held.requestId, msg.sender, price, promised ? ownerBond : 0);
  }

  /// @inheritdoc ISharingMarket
  function withdraw(address payable to) external nonReentrant {
    uint256 amount = _credits[msg.sender];
    if (amount == 0) revert NothingCredited(msg.sender);
    _credits[msg.sender] = 0;
    emit Withdrawn(msg.sender, to, amount);
    Address.sendValue(to, amount);
  }

  // Views

  /// @inheritdoc ISharingMarket
  function requirementOf(bytes32 requestId) external view returns (Requirement memory) {
    return _requirements[requestId];
  }

  /// @inheritdoc ISharingMarket
  function offerOf(uint256 offerId) external view returns (Offer memory) {
    return _offers[offerId];
  }

  /// @inheritdoc ISharingMarket
  function grantOf(uint256 offerId) external view returns (Grant memory) {
    return _grants[offerId];
  }

  /// @inheritdoc ISharingMarket
  function isGrantLive(uint256 offerId) external view returns (bool) {
    Offer storage held = _offers[offerId];
    Grant storage granted = _grants[offerId];
    if (granted.revoked || block.timestamp > granted.liveUntil) return false;
    // Once the refund is open, a fragment would be data for nothing.
    if (held.state == OfferState.Granted) return block.timestamp <= held.dueAt;
    return held.state == OfferState.Delivered || held.state == OfferState.Paid;
  }

  /// @inheritdoc ISharingMarket
  function provedSegments(uint256 offerId) external view returns (uint256[2] memory bitmap) {
    return [_proved[offerId]._data[0], _proved[offerId]._data[1]];
  }

  /// @inheritdoc ISharingMarket
  function partialOf(uint256 offerId, uint256 segmentIndex) external view returns (uint256) {
    return _partials[offerId][segmentIndex];
  }

  /// @inheritdoc ISharingMarket
  function creditOf(address account) external view returns (uint256) {
    return _credits[account];
  }

  // Checks

  function _requireTerms(Terms calldata terms) private view {
    if (
      terms.price == 0 ||
      terms.bond == 0 ||
      terms.bond > terms.price ||
      terms.deadline <= block.timestamp ||
      terms.deadline > block.timestamp + DEADLINE_AHEAD_MAX ||
      !_isWindow(terms.grantWindow) ||
      !_isWindow(terms.deliverWindow) ||
      !_isWindow(terms.confirmWindow) ||
      terms.currency != address(0) ||
      terms.exclusiveUntil != 0
    ) revert TermsInvalid();
  }

  function _isWindow(uint32 window) private pure returns (bool) {
    return WINDOW_MIN <= window && window <= WINDOW_MAX;
  }

  /// @dev Signature, then proof, then R and h, then what binds it: the order of the paper's section 6.7. The first six public signals of
  /// both statements are the same.
  function _requireStatement(
    Offer storage held,
    uint256 requirementHash,
    bytes32 circuitId,
    bytes32 typeHash,
    uint256[] memory signals,
    Proof calldata proof,
    bytes calldata signature
  ) private view {
    bytes32 structHash = keccak256(abi.encode(typeHash, keccak256(abi.encodePacked(signals)), uint256(held.deadline)));
    if (!Signatures.isBy(held.owner, _hashTypedDataV4(structHash), signature)) revert SignatureInvalid();
    if (!verifier.verify(circuitId, signals, proof)) revert ProofInvalid();
    if (signals[0] != 1 || signals[1] != requirementHash) revert RequirementMismatch();
    if (signals[2] != held.datasetRoot || signals[5] != uint256(held.datasetId)) revert WrongDataset();
    if (signals[3] != held.binding) revert WrongBinding();
    if (signals[4] != uint160(held.owner)) revert WrongOwner();
  }

  function _takeSegment(
    uint256 offerId,
    Offer storage held,
    uint256 capacity,
    uint256 segmentIndex,
    uint256 rows,
    uint256 partialValue
  ) private {
    if (segmentIndex >= capacity) revert SegmentOutOfRange(segmentIndex);
    if (_proved[offerId].get(segmentIndex)) revert SegmentAlreadyProved(segmentIndex);
    _proved[offerId].set(segmentIndex);
    _partials[offerId][segmentIndex] = partialValue;
    held.provedSegments += 1;
    held.provedRows = (held.provedRows + rows).toUint64();
    emit SegmentProved(offerId, held.requestId, segmentIndex, rows, partialValue);
  }

  function _takeAggregate(uint256 offerId, Offer storage held, uint256 capacity, uint256[] memory signals) private {
    (uint256 segmentCount, uint256 totalRows) = (signals[6], signals[7]);
    if (segmentCount == 0 || segmentCount > capacity) revert SegmentOutOfRange(segmentCount);
    uint256[] memory partials = _requireAllPartials(offerId, held, segmentCount);
    if (held.provedRows != totalRows) revert RowsMismatch(held.provedRows, totalRows);
    (uint256 challenge, uint256 evaluation) = Statements.evaluate(held.binding, signals[8], partials);
    if (signals[9] != challenge || signals[10] != evaluation) revert PartialsMismatch();
    held.state = OfferState.Verified;
    emit OfferVerified(offerId, held.requestId, held.owner, segmentCount, totalRows);
  }

  function _requireAllPartials(
    uint256 offerId,
    Offer storage held,
    uint256 segmentCount
  ) private view returns (uint256[] memory partials) {
    partials = new uint256[](segmentCount);
    for (uint256 i = 0; i < segmentCount; i++) {
      if (!_proved[offerId].get(i)) revert SegmentsIncomplete(i);
      partials[i] = _partials[offerId][i];
    }
    // Each index counts once, so more than segmentCount means one beyond it.
    if (held.provedSegments != segmentCount) revert SegmentsIncomplete(segmentCount);
  }

  function _requireLive(address account, uint32 role) private view {
    if (!registry.isLive(account, role)) revert NotLive(account, role);
  }

  function _requireConsumer(Offer storage held) private view returns (Requirement storage requirement) {
    requirement = _requirements[held.requestId];
    if (msg.sender != requirement.publisher) revert NotAllowed(msg.sender);
  }

  function _requirePayment(uint256 expected) private view {
    if (msg.value != expected) revert WrongPayment(msg.value, expected);
  }

  function _requireOnTime(uint64 dueAt) private view {
    if (block.timestamp > dueAt) revert TooLate(dueAt);
  }

  function _requireOver(uint64 dueAt) private view {
    if (block.timestamp <= dueAt) revert TooEarly(dueAt);
  }

  function _openRequirement(bytes32 requestId) private view returns (Requirement storage requirement) {
    requirement = _requirements[requestId];
    if (requirement.state != RequirementState.Open) revert RequirementNotOpen(requestId);
  }

  function _inState(uint256 offerId, OfferState state) private view returns (Offer storage held) {
    held = _offers[offerId];
    if (held.state != state) revert WrongState(offerId, held.state);
  }

  function _in(uint32 window) private view returns (uint64) {
    return uint64(block.timestamp) + window;
  }

  // Money

  /// @dev Takes all money out of the offer into the caller's hands, which must credit all of it.
  function _close(Offer storage held, OfferState state) private returns (uint256 price, uint256 ownerBond, uint256 consumerBond) {
    (price, ownerBond, consumerBond) = (held.price, held.ownerBond, held.consumerBond);
    (held.price, held.ownerBond, held.consumerBond) = (0, 0, 0);
    held.state = state;
  }

  function _credit(address account, uint256 amount) private {
    if (amount == 0) return;
    _credits[account] += amount;
    emit Credited(account, amount);
  }
}
