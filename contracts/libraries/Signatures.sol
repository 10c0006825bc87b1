// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {ECDSA} from '@openzeppelin/contracts/utils/cryptography/ECDSA.sol';

/// @title Signatures by pseudonyms
/// @notice Pseudonyms are accounts with a key, so only ECDSA counts; a contract that answers for an account (EIP-1271) does not.
library Signatures {
  /// @notice Whether `account` signed the EIP-712 digest.
  function isBy(address account, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
    (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(digest, signature);
    return failure == ECDSA.RecoverError.NoError && signer == account;
  }
}
