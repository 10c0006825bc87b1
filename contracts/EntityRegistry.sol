// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {EIP712} from '@openzeppelin/contracts/utils/cryptography/EIP712.sol';
import {IEntityRegistry} from './interfaces/IEntityRegistry.sol';
import {Roles} from './libraries/Roles.sol';
import {Signatures} from './libraries/Signatures.sol';

/// @title The enrolled pseudonyms
contract EntityRegistry is IEntityRegistry, EIP712 {
  bytes32 private constant ENROLMENT_TYPEHASH =
    keccak256(
      'Enrolment(address pseudonym,bytes32 requestKey,bytes32 messageKey,uint32 roles,uint64 expiry,uint256 secretCommitment)'
    );
  bytes32 private constant REVOCATION_TYPEHASH = keccak256('Revocation(address pseudonym)');

  /// @inheritdoc IEntityRegistry
  address public immutable enrolmentAccount;
  /// @inheritdoc IEntityRegistry
  bytes32 public immutable parametersHash;
  /// @inheritdoc IEntityRegistry
  bool public immutable development;

  mapping(address pseudonym => Entity) private _entities;

  constructor(address enrolmentAccount_, bytes32 parametersHash_, bool development_) EIP712('Vouchsafe', '1') {
    if (enrolmentAccount_ == address(0) || parametersHash_ == 0) revert ParametersInvalid();
    enrolmentAccount = enrolmentAccount_;
    parametersHash = parametersHash_;
    development = development_;
  }

  /// @inheritdoc IEntityRegistry
  function enrol(Enrolment calldata enrolment, bytes calldata signature) external {
    bytes32 structHash = keccak256(
      abi.encode(
        ENROLMENT_TYPEHASH,
        enrolment.pseudonym,
        enrolment.requestKey,
        enrolment.messageKey,
        enrolment.roles,
        enrolment.expiry,
        enrolment.secretCommitment
      )
    );
    if (!Signatures.isBy(enrolmentAccount, _hashTypedDataV4(structHash), signature)) revert SignatureInvalid();
    if (
      enrolment.pseudonym == address(0) ||
      enrolment.requestKey == 0 ||
      enrolment.messageKey == 0 ||
      enrolment.roles == 0 ||
      enrolment.roles > Roles.ALL
    ) revert EnrolmentInvalid();

    Entity storage held = _entities[enrolment.pseudonym];
    if (held.revoked) revert PseudonymRevoked(enrolment.pseudonym);
    // An older enrolment brought again would restore keys and roles that the PKG has replaced.
    if (enrolment.expiry <= held.expiry) revert EnrolmentStale(enrolment.expiry, held.expiry);
    if (enrolment.expiry <= block.timestamp) revert EnrolmentStale(enrolment.expiry, uint64(block.timestamp));

    held.requestKey = enrolment.requestKey;
    held.messageKey = enrolment.messageKey;
    held.roles = enrolment.roles;
    held.expiry = enrolment.expiry;
    held.secretCommitment = enrolment.secretCommitment;
    emit Enrolled(
      enrolment.pseudonym,
      enrolment.requestKey,
      enrolment.messageKey,
      enrolment.roles,
      enrolment.expiry,
      enrolment.secretCommitment
    );
  }

  /// @inheritdoc IEntityRegistry
  function revoke(address pseudonym) external {
    if (msg.sender != enrolmentAccount) revert NotEnrolmentAccount(msg.sender);
    _revoke(pseudonym);
  }

  /// @inheritdoc IEntityRegistry
  function revoke(address pseudonym, bytes calldata signature) external {
    bytes32 structHash = keccak256(abi.encode(REVOCATION_TYPEHASH, pseudonym));
    if (!Signatures.isBy(enrolmentAccount, _hashTypedDataV4(structHash), signature)) revert SignatureInvalid();
    _revoke(pseudonym);
  }

  /// @inheritdoc IEntityRegistry
  function entity(address pseudonym) external view returns (Entity memory) {
    return _entities[pseudonym];
  }

  /// @inheritdoc IEntityRegistry
  function isLive(address pseudonym, uint32 role) external view returns (bool) {
    Entity storage held = _entities[pseudonym];
    return !held.revoked && block.timestamp <= held.expiry && held.roles & role == role;
  }

  function _revoke(address pseudonym) private {
    if (_entities[pseudonym].revoked) revert PseudonymRevoked(pseudonym);
    _entities[pseudonym].revoked = true;
    emit Revoked(pseudonym);
  }
}
