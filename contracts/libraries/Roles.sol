// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @title What a pseudonym may do: bits of an enrolment's `roles` (docs/formats.md, "Contracts")
library Roles {
  uint32 internal constant OWNER = 1;
  uint32 internal constant CONSUMER = 2;
  uint32 internal constant PROXY = 4;
  uint32 internal constant VALIDATOR = 8;
  uint32 internal constant ARBITER = 16;
  uint32 internal constant ALL = 31;
}
