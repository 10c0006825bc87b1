// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {Proof} from './IProofVerifier.sol';

/// @title The market: requirements, offers, proofs, grants and money (paper, sections 6.3 and 6.6 to 6.9)
/// @notice One offer is one dataset offered once for one requirement. Its states, who is waited for, and the way out by time alone
/// (open to anyone once `dueAt` has passed, so that nobody gains by silence):
///
///   state       waits for          until (dueAt)            then
///   Proving     owner              the offer's deadline     expire: bond back to the owner
///   Verified    consumer           the offer's deadline     expire: bond back to the owner
///   Accepted    owner              grantWindow              refund: price and the owner's bond to the consumer
///   Granted     consumer or owner  deliverWindow            refund: price to the consumer; the owner's bond to whom {refund} says
///   Delivered   consumer           confirmWindow            claim: price and bonds to the owner
///   Disputed    arbiters           (entered by a later version of the market; its place in the list is fixed)
///   Paid, Refunded, Expired, Revoked are final: no money is left in the offer.
///
/// Invariants: the contract's balance is the sum of the requirements' escrow, the offers' prices and bonds, and the credits; money
/// leaves only by {withdraw}.
interface ISharingMarket {
  enum RequirementState {
    None, // never published
    Open, // takes offers until its deadline; unused escrow can be reclaimed after it
    Closed // unused escrow was reclaimed
  }

  enum OfferState {
    None,
    Proving,
    Verified,
    Accepted,
    Granted,
    Delivered,
    Disputed,
    Paid,
    Refunded,
    Expired,
    Revoked
  }

  /// @notice One column that a requirement names; values in the stored form u. All zero when unused.
  struct Slot {
    uint256 colHash;
    uint64 lo;
    uint64 hi;
    uint64 meanLo;
  }

  /// @notice The public content of a requirement (docs/formats.md, "Requirement and statements").
  struct RequirementFields {
    uint8 slotCount;
    uint32 minRows;
    bool timeUsed;
    uint64 timeFrom;
    uint64 timeTo;
    uint64 minSpan;
    uint8 width; // bits of a value
    uint256[4] keywords;
    uint64[4] meanHi;
    Slot[4] slots;
  }

  /// @notice The conditions of trade, fixed when the requirement is published.
  struct Terms {
    uint128 price; // wei an offer is paid
    uint128 bond; // wei: the owner's for an offer, and the consumer's for {notDelivered}; at least 1, at most the price
    uint64 deadline; // Unix seconds: offers are made, proved and accepted until then
    uint32 grantWindow; // seconds from acceptance
    uint32 deliverWindow; // seconds from the grant, and again from {notDelivered}
    uint32 confirmWindow; // seconds from delivery or posting
    address currency; // 0: the chain's own coin, the only one so far
    uint64 exclusiveUntil; // Unix seconds; 0: not exclusive, the only choice so far
    bytes32 arbitersHash; // names the arbiters of later disputes; 0: none
  }

  /// @notice A published requirement. The fields are in the event of its publication; here is what later steps compare.
  struct Requirement {
    RequirementState state;
    address publisher; // the consumer
    uint8 slotCount;
    uint8 width;
    uint128 escrow; // wei not locked for any offer
    uint256 requirementHash; // h'
    Terms terms;
  }

  /// @notice One offer. Amounts are 0 again once the state is final: the money is in the credits.
  struct Offer {
    OfferState state;
    address owner;
    uint64 deadline; // the offer's own: proofs and acceptance until then
    uint64 dueAt; // last second of whoever is waited for; after it the state's way out is open
    uint64 provedRows; // rows of the segments proved so far
    uint32 provedSegments; // their number
    bytes32 requestId;
    bytes32 datasetId;
    uint256 datasetRoot;
    bytes32 templateId;
    uint256 binding;
    uint128 price; // wei locked for this offer
    uint128 ownerBond; // wei
    uint128 consumerBond; // wei, from {notDelivered}
  }

  /// @notice The grant of an offer. All zero: none.
  struct Grant {
    bytes32 grantHash; // SHA-256 of the encoded grantCtx, t, n, proxies, K1, W, R
    uint8 threshold; // t
    uint8 proxies; // n
    uint64 liveUntil; // Unix seconds
    bool revoked;
  }

  /// @notice One segment's statement: the public signals in the order of docs/formats.md, the proof, and the owner's signature.
  struct SegmentSubmission {
    uint256[9] publicSignals;
    Proof proof;
    bytes signature;
  }

  /// @notice What the consumer has checked and holds when it accepts.
  struct Acceptance {
    bytes32 recordHash; // EIP-712 struct hash of the data record
    bytes32 headerHash;
    bytes32 ciphertextHash;
    uint256 price;
    bytes32 arbitersHash;
  }

  /// @notice Everything the consumer needs besides the ciphertext, on chain. The contract compares the hashes; whether the group
  /// elements are good is computable by anyone, but not by the EVM.
  struct Delivery {
    bytes header; // the bytes whose SHA-256 is the record's headerHash: ctx, C1, C2, C4
    bytes grant; // the bytes whose SHA-256 is the grantHash: grantCtx, t, n, proxies, K1, W, R
    bytes[] fragments; // at least t proved fragments
  }

  event RequirementPublished(
    bytes32 indexed requestId,
    address indexed publisher,
    uint256 indexed requirementHash,
    RequirementFields fields,
    Terms terms,
    uint256 escrow,
    string words
  );
  event RequirementFunded(bytes32 indexed requestId, address indexed publisher, uint256 amount, uint256 escrow);
  event RequirementClosed(bytes32 indexed requestId, address indexed publisher, uint256 returned);

  event OfferMade(
    uint256 indexed offerId,
    bytes32 indexed requestId,
    address indexed owner,
    bytes32 datasetId,
    uint256 datasetRoot,
    bytes32 templateId,
    uint64 deadline,
    uint256 binding
  );
  event SegmentProved(uint256 indexed offerId, bytes32 indexed requestId, uint256 indexed segmentIndex, uint256 rows, uint256 partialValue);
  event OfferVerified(
    uint256 indexed offerId,
    bytes32 indexed requestId,
    address indexed owner,
    uint256 segmentCount,
    uint256 totalRows
  );
  event OfferAccepted(
    uint256 indexed offerId,
    bytes32 indexed requestId,
    address indexed consumer,
    Acceptance acceptance,
    uint64 dueAt
  );
  event OfferGranted(
    uint256 indexed offerId,
    bytes32 indexed requestId,
    address indexed owner,
    bytes32 grantHash,
    uint8 threshold,
    uint8 proxies,
    uint64 liveUntil,
    uint64 dueAt
  );
  event DeliveryAcknowledged(uint256 indexed offerId, bytes32 indexed requestId, address indexed consumer, uint64 dueAt);
  event DeliveryMissing(uint256 indexed offerId, bytes32 indexed requestId, address indexed consumer, uint256 bond, uint64 dueAt);
  event DeliveryPosted(
    uint256 indexed offerId,
    bytes32 indexed requestId,
    address indexed poster,
    Delivery delivery,
    uint64 dueAt
  );
  /// @notice The consumer confirmed; the owner was credited.
  event OfferConfirmed(uint256 indexed offerId, bytes32 indexed requestId, address indexed consumer, uint256 price);
  /// @notice The consumer was silent after delivery; the owner was credited.
  event OfferClaimed(uint256 indexed offerId, bytes32 indexed requestId, address indexed owner, uint256 price);
  event OfferRefunded(
    uint256 indexed offerId,
    bytes32 indexed requestId,
    address indexed consumer,
    uint256 price,
    uint256 forfeitedBond
  );
  event OfferExpired(uint256 indexed offerId, bytes32 indexed requestId, address indexed owner);
  /// @notice The owner withdrew: the offer before it was accepted (nothing forfeited), or its promise before delivery.
  event OfferRevoked(
    uint256 indexed offerId,
    bytes32 indexed requestId,
    address indexed owner,
    uint256 price,
    uint256 forfeitedBond
  );
  /// @notice The owner stopped future re-encryption after delivery; no money moved.
  event GrantRevoked(uint256 indexed offerId, bytes32 indexed requestId, address indexed owner);

  event Credited(address indexed account, uint256 amount);
  event Withdrawn(address indexed account, address indexed to, uint256 amount);

  /// @notice The caller is not enrolled for this role, or no longer.
  error NotLive(address account, uint32 role);
  /// @notice The caller is not the one whom this step belongs to.
  error NotAllowed(address caller);
  /// @notice The step does not belong to the offer's state.
  error WrongState(uint256 offerId, OfferState state);
  /// @notice There is no open requirement of this id.
  error RequirementNotOpen(bytes32 requestId);
  /// @notice The publisher used this salt before.
  error RequirementAlreadyPublished(bytes32 requestId);
  /// @notice The same offer exists.
  error OfferAlreadyMade(uint256 offerId);
  /// @notice Price, bond, window, deadline, currency or exclusivity is outside what the market takes.
  error TermsInvalid();
  /// @notice The time for this step has passed.
  error TooLate(uint64 dueAt);
  /// @notice The time of somebody else has not passed yet.
  error TooEarly(uint64 dueAt);
  /// @notice The payment is not what the step asks.
  error WrongPayment(uint256 given, uint256 expected);
  /// @notice The requirement's words are longer than the market takes.
  error WordsTooLong(uint256 length, uint256 max);
  /// @notice The requirement's escrow does not cover one more price.
  error EscrowTooSmall(uint256 escrow, uint256 price);
  /// @notice The dataset is not recorded for the caller.
  error DatasetNotRecorded(bytes32 datasetId);
  /// @notice The template is none of those for the requirement's columns and width.
  error WrongTemplate(bytes32 templateId);
  /// @notice The offer's deadline has passed already or is later than the requirement's.
  error DeadlineInvalid(uint64 deadline);

  /// @notice The owner did not sign these public signals and this deadline, on this chain, for this market.
  error SignatureInvalid();
  /// @notice The proof does not show the statement for these public signals.
  error ProofInvalid();
  /// @notice R is not R' = 1 or h is not h': another requirement, or not satisfied.
  error RequirementMismatch();
  /// @notice datasetRoot or datasetId is another dataset's.
  error WrongDataset();
  /// @notice The proof is bound to another offer, market, chain, template or deadline.
  error WrongBinding();
  /// @notice The proof names another owner.
  error WrongOwner();
  /// @notice The segment was accepted before.
  error SegmentAlreadyProved(uint256 segmentIndex);
  /// @notice The index or the number of segments is beyond the template's capacity.
  error SegmentOutOfRange(uint256 segmentIndex);
  /// @notice A segment before segmentCount has not been proved, or one after it has.
  error SegmentsIncomplete(uint256 segmentIndex);
  /// @notice The segments' rows do not add up to totalRows.
  error RowsMismatch(uint256 proved, uint256 total);
  /// @notice challenge or evaluation is not what follows from the stored partials.
  error PartialsMismatch();

  /// @notice The acceptance names another record, header, ciphertext, price or arbiters than the chain.
  error AcceptanceMismatch();
  /// @notice threshold, number of proxies, grantHash or life time of the grant is out of range.
  error GrantInvalid();
  /// @notice What is posted does not hash to what the chain names, or has fewer fragments than the threshold.
  error DeliveryMismatch();
  /// @notice The consumer declared it before.
  error AlreadyDeclared();
  /// @notice Nothing is credited to the caller.
  error NothingCredited(address account);
  /// @notice The grant is revoked already.
  error AlreadyRevoked();

  /// @notice Publishes a requirement with its proof and escrow (the payment: at least one price). The contract builds the public
  /// signals from the fields itself, with R' = 1, and computes the binding.
  /// @param requirementHash h', Poseidon of the fields
  /// @param words the requirement as its author wrote it (docs/formats.md), since a colHash names no column to a reader. The contract
  /// does not interpret them; a reader computes the fields from them and compares.
  /// @return requestId keccak256(abi.encode(publisher, salt))
  function publish(
    bytes32 salt,
    uint256 requirementHash,
    RequirementFields calldata fields,
    Terms calldata terms,
    Proof calldata proof,
    string calldata words
  ) external payable returns (bytes32 requestId);

  /// @notice Adds escrow, so that more offers can be accepted. Publisher only.
  function fund(bytes32 requestId) external payable;

  /// @notice After the requirement's deadline: credits the unused escrow to the publisher and closes the requirement. Anyone.
  function reclaim(bytes32 requestId) external;

  /// @notice Offers the caller's recorded dataset; the payment is the bond.
  /// @return offerId uint256(keccak256(abi.encode(requestId, datasetId, owner, salt)))
  function offer(
    bytes32 requestId,
    bytes32 datasetId,
    bytes32 salt,
    bytes32 templateId,
    uint64 deadline
  ) external payable returns (uint256 offerId);

  /// @notice Proves one or several segments: for each first the owner's signature, then the proof, then R and h, then everything else
  /// that the contract knows. Anyone may bring what the owner signed; the payee is the signer.
  function submitSegments(uint256 offerId, SegmentSubmission[] calldata submissions) external;

  /// @notice Proves the whole, once every segment is proved (its challenge needs all partials). Same order of checks.
  function submitAggregate(
    uint256 offerId,
    uint256[11] calldata publicSignals,
    Proof calldata proof,
    bytes calldata signature
  ) external;

  /// @notice The consumer accepts a verified offer, whose record it names in full: the price is locked for it.
  function accept(uint256 offerId, Acceptance calldata acceptance) external;

  /// @notice Records the owner's grant, by the owner's signature. Anyone may bring it.
  function grant(
    uint256 offerId,
    bytes32 grantHash,
    uint8 threshold,
    uint8 proxies,
    uint64 liveUntil,
    bytes calldata signature
  ) external;

  /// @notice The consumer says that what it needs has arrived: the clock of its silence starts.
  function acknowledge(uint256 offerId) external;

  /// @notice The consumer says that nothing has arrived; the payment is the bond. Once; gives the owner a full deliverWindow to post.
  function notDelivered(uint256 offerId) external payable;

  /// @notice The owner or a live proxy puts the delivery on chain, asked or not: the clock of the consumer's silence starts. After
  /// delivery it may be posted again (a better fragment), which changes no clock.
  function post(uint256 offerId, Delivery calldata delivery) external;

  /// @notice The consumer is content: the price and the owner's bond are credited to the owner, the consumer's bond returned.
  function confirm(uint256 offerId) external;

  /// @notice After confirmWindow of silence following delivery: price and both bonds are credited to the owner. Anyone.
  function claim(uint256 offerId) external;

  /// @notice After grantWindow without a grant, or deliverWindow without delivery: the price and the consumer's bond are credited to the
  /// consumer. The owner's bond goes to the consumer if the owner did not grant, or did not answer {notDelivered}; else back to the
  /// owner. Anyone.
  function refund(uint256 offerId) external;

  /// @notice After the offer's deadline without acceptance: the bond is credited to the owner. Anyone.
  function expire(uint256 offerId) external;

  /// @notice The owner takes back the offer (before acceptance: its bond returns), its promise (before delivery: price and both bonds go
  /// to the consumer), or further re-encryption (after delivery: no money moves).
  function revoke(uint256 offerId) external;

  /// @notice Pays out everything credited to the caller, to any address.
  function withdraw(address payable to) external;

  function requirementOf(bytes32 requestId) external view returns (Requirement memory);

  function offerOf(uint256 offerId) external view returns (Offer memory);

  function grantOf(uint256 offerId) external view returns (Grant memory);

  /// @notice Whether proxies may transform for this offer now: granted, not revoked, not over, and the money not on its way back.
  function isGrantLive(uint256 offerId) external view returns (bool);

  /// @notice Bit i of word w: segment 256 w + i is proved.
  function provedSegments(uint256 offerId) external view returns (uint256[2] memory bitmap);

  /// @notice The stored partial of a proved segment; 0 otherwise.
  function partialOf(uint256 offerId, uint256 segmentIndex) external view returns (uint256);

  /// @notice Wei that the account can withdraw.
  function creditOf(address account) external view returns (uint256);
}
