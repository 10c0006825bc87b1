// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {EntityRegistry} from '../EntityRegistry.sol';
import {IEntityRegistry} from '../interfaces/IEntityRegistry.sol';
import {vm} from './Cheatcodes.sol';
import {Scene} from './Scene.sol';

contract EntityRegistryTest is Scene {
  function testHoldsWhatWasEnrolled() public view {
    IEntityRegistry.Entity memory entity = registry.entity(owner);
    vm.assertEq(entity.requestKey, keccak256(abi.encode('request key', owner)));
    vm.assertEq(entity.messageKey, keccak256(abi.encode('message key', owner)));
    vm.assertEq(entity.roles, 1);
    vm.assertEq(entity.expiry, START + 365 days);
    vm.assertFalse(entity.revoked);
    vm.assertEq(registry.enrolmentAccount(), pkg);
    vm.assertEq(registry.parametersHash(), keccak256('parameters'));
    vm.assertTrue(registry.development());
  }

  function testIsLiveOnlyForItsRolesUntilItsExpiry() public {
    enrol(stranger, 1 | 2);
    vm.assertTrue(registry.isLive(stranger, 1));
    vm.assertTrue(registry.isLive(stranger, 3));
    vm.assertFalse(registry.isLive(stranger, 4));
    vm.assertFalse(registry.isLive(stranger, 5));
    vm.warp(START + 365 days);
    vm.assertTrue(registry.isLive(stranger, 1));
    vm.warp(START + 365 days + 1);
    vm.assertFalse(registry.isLive(stranger, 1));
    vm.assertFalse(registry.isLive(address(0xdead), 1));
  }

  function testRefusesDeploymentWithoutAccountOrParameters() public {
    vm.expectRevert(IEntityRegistry.ParametersInvalid.selector);
    new EntityRegistry(address(0), keccak256('parameters'), true);
    vm.expectRevert(IEntityRegistry.ParametersInvalid.selector);
    new EntityRegistry(pkg, 0, true);
  }

  function testFuzzRefusesAnythingThePkgDidNotSign(uint8 field, uint256 change) public {
    IEntityRegistry.Enrolment memory enrolment = enrolmentOf(stranger, 1, START + 1 days);
    bytes memory signature = signEnrolment(enrolment, PKG_KEY);
    bytes32 before = keccak256(abi.encode(enrolment));
    if (field % 6 == 0) enrolment.pseudonym = address(uint160(change));
    else if (field % 6 == 1) enrolment.requestKey = bytes32(change);
    else if (field % 6 == 2) enrolment.messageKey = bytes32(change);
    else if (field % 6 == 3) enrolment.roles = uint32(change);
    else if (field % 6 == 4) enrolment.expiry = uint64(change);
    else enrolment.secretCommitment = change;
    if (keccak256(abi.encode(enrolment)) != before) vm.expectRevert(IEntityRegistry.SignatureInvalid.selector);
    registry.enrol(enrolment, signature);
  }

  function testRefusesAnotherSignerAnotherContractAndAnotherChain() public {
    IEntityRegistry.Enrolment memory enrolment = enrolmentOf(stranger, 1, START + 1 days);
    bytes memory byStranger = signEnrolment(enrolment, STRANGER_KEY);
    bytes memory byPkg = signEnrolment(enrolment, PKG_KEY);
    vm.expectRevert(IEntityRegistry.SignatureInvalid.selector);
    registry.enrol(enrolment, byStranger);
    vm.expectRevert(IEntityRegistry.SignatureInvalid.selector);
    registry.enrol(enrolment, hex'');
    EntityRegistry other = new EntityRegistry(pkg, keccak256('parameters'), true);
    vm.expectRevert(IEntityRegistry.SignatureInvalid.selector);
    other.enrol(enrolment, byPkg);
    vm.chainId(block.chainid + 1);
    vm.expectRevert(IEntityRegistry.SignatureInvalid.selector);
    registry.enrol(enrolment, byPkg);
  }

  function testRefusesIncompleteEnrolments() public {
    IEntityRegistry.Enrolment memory enrolment = enrolmentOf(address(0), 1, START + 1 days);
    expectInvalid(enrolment);
    enrolment = enrolmentOf(stranger, 0, START + 1 days);
    expectInvalid(enrolment);
    enrolment = enrolmentOf(stranger, 32, START + 1 days);
    expectInvalid(enrolment);
    enrolment = enrolmentOf(stranger, 1, START + 1 days);
    enrolment.requestKey = 0;
    expectInvalid(enrolment);
    enrolment = enrolmentOf(stranger, 1, START + 1 days);
    enrolment.messageKey = 0;
    expectInvalid(enrolment);
  }

  function testRenewsForwardOnly() public {
    IEntityRegistry.Enrolment memory first = enrolmentOf(stranger, 1, START + 1 days);
    IEntityRegistry.Enrolment memory second = enrolmentOf(stranger, 2, START + 2 days);
    bytes memory signatureOfFirst = signEnrolment(first, PKG_KEY);
    bytes memory signatureOfSecond = signEnrolment(second, PKG_KEY);
    registry.enrol(first, signatureOfFirst);
    registry.enrol(second, signatureOfSecond);
    vm.assertTrue(registry.isLive(stranger, 2));
    vm.expectRevert(abi.encodeWithSelector(IEntityRegistry.EnrolmentStale.selector, first.expiry, second.expiry));
    registry.enrol(first, signatureOfFirst);
    vm.expectRevert(abi.encodeWithSelector(IEntityRegistry.EnrolmentStale.selector, second.expiry, second.expiry));
    registry.enrol(second, signatureOfSecond);
  }

  function testRefusesAnEnrolmentThatHasEnded() public {
    IEntityRegistry.Enrolment memory enrolment = enrolmentOf(stranger, 1, START);
    bytes memory signature = signEnrolment(enrolment, PKG_KEY);
    vm.expectRevert(abi.encodeWithSelector(IEntityRegistry.EnrolmentStale.selector, START, START));
    registry.enrol(enrolment, signature);
  }

  function testRevokesForGood() public {
    vm.expectEmit(address(registry));
    emit IEntityRegistry.Revoked(owner);
    vm.prank(pkg);
    registry.revoke(owner);
    vm.assertFalse(registry.isLive(owner, 1));
    vm.assertTrue(registry.entity(owner).revoked);
    IEntityRegistry.Enrolment memory renewal = enrolmentOf(owner, 1, START + 700 days);
    bytes memory signature = signEnrolment(renewal, PKG_KEY);
    vm.expectRevert(abi.encodeWithSelector(IEntityRegistry.PseudonymRevoked.selector, owner));
    registry.enrol(renewal, signature);
    vm.prank(pkg);
    vm.expectRevert(abi.encodeWithSelector(IEntityRegistry.PseudonymRevoked.selector, owner));
    registry.revoke(owner);
  }

  function testRevokesAPseudonymBeforeItsEnrolmentArrives() public {
    IEntityRegistry.Enrolment memory enrolment = enrolmentOf(stranger, 1, START + 1 days);
    bytes memory signature = signEnrolment(enrolment, PKG_KEY);
    vm.prank(pkg);
    registry.revoke(stranger);
    vm.expectRevert(abi.encodeWithSelector(IEntityRegistry.PseudonymRevoked.selector, stranger));
    registry.enrol(enrolment, signature);
  }

  function testRevokesOnlyByThePkg() public {
    vm.expectRevert(abi.encodeWithSelector(IEntityRegistry.NotEnrolmentAccount.selector, owner));
    vm.prank(owner);
    registry.revoke(consumer);
    bytes32 structHash = keccak256(abi.encode(keccak256('Revocation(address pseudonym)'), consumer));
    bytes memory byStranger = signFor(address(registry), STRANGER_KEY, structHash);
    vm.expectRevert(IEntityRegistry.SignatureInvalid.selector);
    registry.revoke(consumer, byStranger);
    bytes memory byPkg = signFor(address(registry), PKG_KEY, structHash);
    vm.expectRevert(IEntityRegistry.SignatureInvalid.selector);
    registry.revoke(owner, byPkg);
    registry.revoke(consumer, byPkg);
    vm.assertFalse(registry.isLive(consumer, 2));
  }

  function expectInvalid(IEntityRegistry.Enrolment memory enrolment) private {
    bytes memory signature = signEnrolment(enrolment, PKG_KEY);
    vm.expectRevert(IEntityRegistry.EnrolmentInvalid.selector);
    registry.enrol(enrolment, signature);
  }
}
