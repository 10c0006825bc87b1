// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {DataRecords} from '../DataRecords.sol';
import {EntityRegistry} from '../EntityRegistry.sol';
import {SharingMarket} from '../SharingMarket.sol';
import {IDataRecords} from '../interfaces/IDataRecords.sol';
import {IEntityRegistry} from '../interfaces/IEntityRegistry.sol';
import {IProofVerifier, Proof} from '../interfaces/IProofVerifier.sol';
import {ISharingMarket} from '../interfaces/ISharingMarket.sol';
import {vm} from './Cheatcodes.sol';
import {IdealVerifier} from './IdealVerifier.sol';

/// @notice One network with one owner, one consumer and one proxy, and every step of a story made easy. Digests, bindings and
/// evaluations are computed here from docs/formats.md, not with the contracts' libraries.
abstract contract Scene {
  uint256 internal constant FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
  uint256 internal constant PKG_KEY = 0xa1;
  uint256 internal constant OWNER_KEY = 0xa2;
  uint256 internal constant CONSUMER_KEY = 0xa3;
  uint256 internal constant PROXY_KEY = 0xa4;
  uint256 internal constant STRANGER_KEY = 0xa5;
  uint64 internal constant START = 1_800_000_000;
  uint128 internal constant PRICE = 10 ether;
  uint128 internal constant BOND = 1 ether;
  uint32 internal constant GRANT_WINDOW = 1 hours;
  uint32 internal constant DELIVER_WINDOW = 2 hours;
  uint32 internal constant CONFIRM_WINDOW = 3 hours;
  uint256 internal constant REQUIREMENT_HASH = 0x4e;
  bytes32 internal constant DATASET_SALT = 'dataset';
  uint256 internal constant ROOT = 0x4007;
  bytes32 internal constant TEMPLATE = keccak256('range-1x32');
  bytes32 internal constant TEMPLATE_LONG = keccak256('range-1x32-long');
  bytes internal constant HEADER = 'ctx, C1, C2, C4';
  bytes internal constant GRANT = 'grantCtx, t, n, proxies, K1, W, R';

  // Kept, because computing one is a call, and a call after expectRevert is the one that must revert.
  bytes32 internal immutable headerHash = sha256(HEADER);
  bytes32 internal immutable ciphertextHash = sha256('ciphertext');
  bytes32 internal immutable grantHash = sha256(GRANT);
  address internal immutable pkg = vm.addr(PKG_KEY);
  address internal immutable owner = vm.addr(OWNER_KEY);
  address internal immutable consumer = vm.addr(CONSUMER_KEY);
  address internal immutable proxy = vm.addr(PROXY_KEY);
  address internal immutable stranger = vm.addr(STRANGER_KEY);
  bytes32 internal immutable dataset = datasetIdOf(vm.addr(OWNER_KEY), DATASET_SALT);

  EntityRegistry internal registry;
  DataRecords internal records;
  IdealVerifier internal verifier;
  SharingMarket internal market;

  function setUp() public virtual {
    vm.warp(START);
    registry = new EntityRegistry(pkg, keccak256('parameters'), true);
    records = new DataRecords(registry);
    verifier = new IdealVerifier();
    market = new SharingMarket(registry, records, verifier);
    enrol(owner, 1);
    enrol(consumer, 2);
    enrol(proxy, 4);
    vm.deal(owner, 1000 ether);
    vm.deal(consumer, 1000 ether);
  }

  // Signatures

  function domainSeparator(address verifying) internal view returns (bytes32) {
    return
      keccak256(
        abi.encode(
          keccak256('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
          keccak256('Vouchsafe'),
          keccak256('1'),
          block.chainid,
          verifying
        )
      );
  }

  function signFor(address verifying, uint256 key, bytes32 structHash) internal view returns (bytes memory) {
    (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex'1901', domainSeparator(verifying), structHash)));
    return abi.encodePacked(r, s, v);
  }

  // Registry and records

  function enrolmentOf(address pseudonym, uint32 roles, uint64 expiry) internal pure returns (IEntityRegistry.Enrolment memory) {
    return
      IEntityRegistry.Enrolment({
        pseudonym: pseudonym,
        requestKey: keccak256(abi.encode('request key', pseudonym)),
        messageKey: keccak256(abi.encode('message key', pseudonym)),
        roles: roles,
        expiry: expiry,
        secretCommitment: 0
      });
  }

  function signEnrolment(IEntityRegistry.Enrolment memory enrolment, uint256 key) internal view returns (bytes memory) {
    bytes32 typeHash = keccak256(
      'Enrolment(address pseudonym,bytes32 requestKey,bytes32 messageKey,uint32 roles,uint64 expiry,uint256 secretCommitment)'
    );
    return signFor(address(registry), key, keccak256(abi.encode(typeHash, enrolment)));
  }

  function enrol(address pseudonym, uint32 roles) internal {
    IEntityRegistry.Enrolment memory enrolment = enrolmentOf(pseudonym, roles, START + 365 days);
    registry.enrol(enrolment, signEnrolment(enrolment, PKG_KEY));
  }

  function datasetIdOf(address signer, bytes32 salt) internal pure returns (bytes32) {
    return bytes32(uint256(keccak256(abi.encode(signer, salt))) >> 8);
  }

  function recordStructHash(bytes32 datasetId, address signer, uint256 root) internal view returns (bytes32) {
    bytes32 typeHash = keccak256(
      'DataRecord(bytes32 datasetId,address owner,uint256 datasetRoot,bytes32 headerHash,bytes32 ciphertextHash,uint64 ciphertextSize,uint64 recordedAt)'
    );
    return keccak256(abi.encode(typeHash, datasetId, signer, root, headerHash, ciphertextHash, uint64(4096), START));
  }

  function record(bytes32 salt, uint256 key, uint256 root) internal {
    address signer = vm.addr(key);
    bytes memory signature = signFor(address(records), key, recordStructHash(datasetIdOf(signer, salt), signer, root));
    records.record(salt, signer, root, headerHash, ciphertextHash, 4096, START, signature);
  }

  // Requirements

  function fieldsOf() internal pure returns (ISharingMarket.RequirementFields memory fields) {
    fields.slotCount = 1;
    fields.minRows = 1000;
    fields.width = 32;
    fields.meanHi[0] = 90;
    fields.slots[0] = ISharingMarket.Slot({colHash: 0xc01, lo: 2, hi: 100, meanLo: 10});
  }

  function termsOf() internal view returns (ISharingMarket.Terms memory terms) {
    terms.price = PRICE;
    terms.bond = BOND;
    terms.deadline = uint64(block.timestamp) + 10 days;
    terms.grantWindow = GRANT_WINDOW;
    terms.deliverWindow = DELIVER_WINDOW;
    terms.confirmWindow = CONFIRM_WINDOW;
    terms.arbitersHash = keccak256('arbiters');
  }

  function requestIdOf(address publisher, bytes32 salt) internal pure returns (bytes32) {
    return keccak256(abi.encode(publisher, salt));
  }

  function proveRequirement(
    ISharingMarket.RequirementFields memory fields,
    bytes32 requestId,
    address publisher,
    uint64 deadline
  ) internal view returns (Proof memory) {
    uint256[] memory signals = new uint256[](34);
    signals[0] = 1;
    signals[1] = REQUIREMENT_HASH;
    signals[2] = fields.slotCount;
    signals[3] = fields.minRows;
    signals[4] = fields.timeUsed ? 1 : 0;
    signals[5] = fields.timeFrom;
    signals[6] = fields.timeTo;
    signals[7] = fields.minSpan;
    signals[8] = fields.width;
    for (uint256 i = 0; i < 4; i++) {
      signals[9 + i] = fields.keywords[i];
      signals[13 + i] = fields.meanHi[i];
      signals[17 + 4 * i] = fields.slots[i].colHash;
      signals[18 + 4 * i] = fields.slots[i].lo;
      signals[19 + 4 * i] = fields.slots[i].hi;
      signals[20 + 4 * i] = fields.slots[i].meanLo;
    }
    signals[33] = uint256(keccak256(abi.encode(block.chainid, address(market), requestId, publisher, uint256(deadline)))) % FIELD;
    return verifier.prove(keccak256('requirement'), signals);
  }

  function publish(bytes32 salt, uint256 escrow) internal returns (bytes32 requestId) {
    requestId = requestIdOf(consumer, salt);
    ISharingMarket.Terms memory terms = termsOf();
    Proof memory proof = proveRequirement(fieldsOf(), requestId, consumer, terms.deadline);
    vm.prank(consumer);
    market.publish{value: escrow}(salt, REQUIREMENT_HASH, fieldsOf(), terms, proof, 'words');
  }

  // Offers

  function offerIdOf(bytes32 requestId, bytes32 datasetId, bytes32 salt) internal view returns (uint256) {
    return uint256(keccak256(abi.encode(requestId, datasetId, owner, salt)));
  }

  function makeOffer(bytes32 requestId, bytes32 datasetId, bytes32 salt, bytes32 templateId) internal returns (uint256 offerId) {
    offerId = offerIdOf(requestId, datasetId, salt);
    uint64 deadline = uint64(block.timestamp) + 5 days;
    vm.prank(owner);
    market.offer{value: BOND}(requestId, datasetId, salt, templateId, deadline);
  }

  function bindingOf(uint256 offerId) internal view returns (uint256) {
    ISharingMarket.Offer memory held = market.offerOf(offerId);
    return
      uint256(
        keccak256(
          abi.encode(
            block.chainid,
            address(market),
            offerId,
            held.requestId,
            held.datasetId,
            held.datasetRoot,
            held.owner,
            held.templateId,
            uint256(held.deadline)
          )
        )
      ) % FIELD;
  }

  /// @dev The six public signals that both statements begin with.
  function commonSignals(uint256 offerId, uint256 length) internal view returns (uint256[] memory signals) {
    ISharingMarket.Offer memory held = market.offerOf(offerId);
    signals = new uint256[](length);
    signals[0] = 1;
    signals[1] = REQUIREMENT_HASH;
    signals[2] = held.datasetRoot;
    signals[3] = bindingOf(offerId);
    signals[4] = uint160(held.owner);
    signals[5] = uint256(held.datasetId);
  }

  function segmentSignals(
    uint256 offerId,
    uint256 segmentIndex,
    uint256 rows,
    uint256 partialValue
  ) internal view returns (uint256[] memory signals) {
    signals = commonSignals(offerId, 9);
    signals[6] = segmentIndex;
    signals[7] = rows;
    signals[8] = partialValue;
  }

  function signStatement(uint256 offerId, uint256[] memory signals, uint256 key) internal view returns (bytes memory) {
    bytes32 typeHash = signals.length == 9
      ? keccak256('SegmentStatement(uint256[9] publicSignals,uint256 deadline)')
      : keccak256('AggregateStatement(uint256[11] publicSignals,uint256 deadline)');
    bytes32 structHash = keccak256(
      abi.encode(typeHash, keccak256(abi.encodePacked(signals)), uint256(market.offerOf(offerId).deadline))
    );
    return signFor(address(market), key, structHash);
  }

  function submission(
    uint256 offerId,
    uint256[] memory signals
  ) internal view returns (ISharingMarket.SegmentSubmission[] memory submissions) {
    submissions = new ISharingMarket.SegmentSubmission[](1);
    for (uint256 i = 0; i < 9; i++) submissions[0].publicSignals[i] = signals[i];
    submissions[0].proof = verifier.prove(keccak256('segment-range-1x32'), signals);
    submissions[0].signature = signStatement(offerId, signals, OWNER_KEY);
  }

  function submitSegment(uint256 offerId, uint256 segmentIndex, uint256 rows, uint256 partialValue) internal {
    ISharingMarket.SegmentSubmission[] memory submissions = submission(
      offerId,
      segmentSignals(offerId, segmentIndex, rows, partialValue)
    );
    vm.prank(owner);
    market.submitSegments(offerId, submissions);
  }

  function aggregateSignals(
    uint256 offerId,
    uint256 totalRows,
    uint256[] memory partials
  ) internal view returns (uint256[] memory signals) {
    signals = commonSignals(offerId, 11);
    signals[6] = partials.length;
    signals[7] = totalRows;
    signals[8] = 0xd16e57;
    signals[9] = uint256(keccak256(abi.encode(signals[3], signals[6], signals[8], partials))) % FIELD;
    uint256 power = 1;
    for (uint256 i = 0; i < partials.length; i++) {
      signals[10] = addmod(signals[10], mulmod(partials[i], power, FIELD), FIELD);
      power = mulmod(power, signals[9], FIELD);
    }
  }

  function submitAggregate(uint256 offerId, uint256[] memory signals) internal {
    bytes32 circuitId = market.offerOf(offerId).templateId == TEMPLATE_LONG
      ? keccak256('aggregate-range-1x32-long')
      : keccak256('aggregate-range-1x32');
    uint256[11] memory fixedSignals;
    for (uint256 i = 0; i < 11; i++) fixedSignals[i] = signals[i];
    Proof memory proof = verifier.prove(circuitId, signals);
    bytes memory signature = signStatement(offerId, signals, OWNER_KEY);
    vm.prank(owner);
    market.submitAggregate(offerId, fixedSignals, proof, signature);
  }

  /// @dev Two segments, 1008 and 500 rows, partials 7 and 9.
  function proveAll(uint256 offerId) internal {
    submitSegment(offerId, 0, 1008, 7);
    submitSegment(offerId, 1, 500, 9);
    submitAggregate(offerId, aggregateSignals(offerId, 1508, partialsOfTwo()));
  }

  function partialsOfTwo() internal pure returns (uint256[] memory partials) {
    partials = new uint256[](2);
    (partials[0], partials[1]) = (7, 9);
  }

  // After verification

  function acceptanceOf(uint256 offerId) internal view returns (ISharingMarket.Acceptance memory) {
    ISharingMarket.Offer memory held = market.offerOf(offerId);
    return
      ISharingMarket.Acceptance({
        recordHash: recordStructHash(held.datasetId, held.owner, held.datasetRoot),
        headerHash: headerHash,
        ciphertextHash: ciphertextHash,
        price: PRICE,
        arbitersHash: keccak256('arbiters')
      });
  }

  function accept(uint256 offerId) internal {
    ISharingMarket.Acceptance memory acceptance = acceptanceOf(offerId);
    vm.prank(consumer);
    market.accept(offerId, acceptance);
  }

  function signGrant(
    uint256 offerId,
    uint8 threshold,
    uint8 proxies,
    uint64 liveUntil,
    uint256 key
  ) internal view returns (bytes memory) {
    return signFor(address(market), key, grantStructHash(offerId, grantHash, threshold, proxies, liveUntil));
  }

  function grantStructHash(
    uint256 offerId,
    bytes32 hash,
    uint8 threshold,
    uint8 proxies,
    uint64 liveUntil
  ) internal pure returns (bytes32) {
    bytes32 typeHash = keccak256('Grant(uint256 offerId,bytes32 grantHash,uint8 threshold,uint8 proxies,uint64 liveUntil)');
    return keccak256(abi.encode(typeHash, offerId, hash, threshold, proxies, liveUntil));
  }

  function grant(uint256 offerId) internal {
    uint64 liveUntil = uint64(block.timestamp) + 30 days;
    market.grant(offerId, grantHash, 2, 3, liveUntil, signGrant(offerId, 2, 3, liveUntil, OWNER_KEY));
  }

  function deliveryOf() internal pure returns (ISharingMarket.Delivery memory delivery) {
    delivery.header = HEADER;
    delivery.grant = GRANT;
    delivery.fragments = new bytes[](2);
    (delivery.fragments[0], delivery.fragments[1]) = ('fragment 1', 'fragment 2');
  }

  // Offers brought to a state

  function provingOffer() internal returns (uint256) {
    record(DATASET_SALT, OWNER_KEY, ROOT);
    return makeOffer(publish('salt', 3 * PRICE), dataset, 'offer', TEMPLATE);
  }

  function verifiedOffer() internal returns (uint256 offerId) {
    offerId = provingOffer();
    proveAll(offerId);
  }

  function acceptedOffer() internal returns (uint256 offerId) {
    offerId = verifiedOffer();
    accept(offerId);
  }

  function grantedOffer() internal returns (uint256 offerId) {
    offerId = acceptedOffer();
    grant(offerId);
  }

  function deliveredOffer() internal returns (uint256 offerId) {
    offerId = grantedOffer();
    vm.prank(owner);
    market.post(offerId, deliveryOf());
  }

  function stateOf(uint256 offerId) internal view returns (ISharingMarket.OfferState) {
    return market.offerOf(offerId).state;
  }

  function expectState(uint256 offerId, ISharingMarket.OfferState state) internal view {
    vm.assertEq(uint256(stateOf(offerId)), uint256(state), 'state');
  }

  function expectCredits(uint256 ofOwner, uint256 ofConsumer) internal view {
    vm.assertEq(market.creditOf(owner), ofOwner, 'credit of the owner');
    vm.assertEq(market.creditOf(consumer), ofConsumer, 'credit of the consumer');
  }
}
