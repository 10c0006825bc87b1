// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @title The enrolled pseudonyms (paper, section 6.1)
/// @notice Who may act, as which role, until when, and under which public keys. Every entry was signed by the enrolment account of the
/// private key generator (PKG); real names never reach the chain. Invariant: an enrolment only moves forward (its expiry grows), and a
/// revoked pseudonym never comes back.
interface IEntityRegistry {
  /// @notice What the PKG signs for one pseudonym; the EIP-712 struct of the same name.
  struct Enrolment {
    address pseudonym; // chain address
    bytes32 requestKey; // Ed25519, signs HTTP requests
    bytes32 messageKey; // X25519, receives sealed messages
    uint32 roles; // bits of libraries/Roles.sol
    uint64 expiry; // last second at which it is live, Unix time
    uint256 secretCommitment; // commitment to the person's secret for exclusivity; 0 until that is built
  }

  /// @notice What the registry holds for one pseudonym. All zero: never enrolled.
  struct Entity {
    bytes32 requestKey;
    bytes32 messageKey;
    uint32 roles;
    uint64 expiry;
    bool revoked;
    uint256 secretCommitment;
  }

  /// @notice A pseudonym was enrolled, or its enrolment renewed.
  event Enrolled(
    address indexed pseudonym,
    bytes32 requestKey,
    bytes32 messageKey,
    uint32 roles,
    uint64 expiry,
    uint256 secretCommitment
  );
  /// @notice A pseudonym was revoked, for good.
  event Revoked(address indexed pseudonym);

  /// @notice The signature is not the enrolment account's over exactly these fields, on this chain, for this contract.
  error SignatureInvalid();
  /// @notice The enrolment names no pseudonym, an empty key, no role or an unknown role.
  error EnrolmentInvalid();
  /// @notice The enrolment ends at or before the present block, or not later than the one already held (a replay).
  error EnrolmentStale(uint64 expiry, uint64 floor);
  /// @notice A revoked pseudonym is not enrolled again; the PKG enrols a fresh one.
  error PseudonymRevoked(address pseudonym);
  /// @notice Only the enrolment account revokes without a signature.
  error NotEnrolmentAccount(address caller);
  /// @notice The constructor was given no enrolment account or no parameters' hash.
  error ParametersInvalid();

  /// @notice Enrols or renews. Anyone may bring what the PKG signed.
  function enrol(Enrolment calldata enrolment, bytes calldata signature) external;

  /// @notice Revokes a pseudonym, enrolled or not yet; the caller is the enrolment account.
  function revoke(address pseudonym) external;

  /// @notice Revokes a pseudonym by the PKG's signature over `Revocation(address pseudonym)`. Anyone may bring it.
  function revoke(address pseudonym, bytes calldata signature) external;

  /// @notice The PKG's chain address, fixed at deployment.
  function enrolmentAccount() external view returns (address);

  /// @notice SHA-256 of the encoded public parameters of the re-encryption scheme, fixed at deployment.
  function parametersHash() external view returns (bytes32);

  /// @notice Whether the network runs on single-party development keys. Cannot change.
  function development() external view returns (bool);

  /// @notice What is held for a pseudonym.
  function entity(address pseudonym) external view returns (Entity memory);

  /// @notice Whether the pseudonym is enrolled with every role bit of `role`, not expired and not revoked.
  function isLive(address pseudonym, uint32 role) external view returns (bool);
}
