// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {Groth16Verifier} from '../Groth16Verifier.sol';
import {IGroth16Verifier} from '../interfaces/IGroth16Verifier.sol';
import {Proof} from '../interfaces/IProofVerifier.sol';
import {vm} from './Cheatcodes.sol';

/// @notice Keys whose discrete logarithms are known, so that a valid proof can be made here for any public signals: alpha = 2 G1,
/// beta = 2 G2, gamma = 3 G2, delta = 5 G2, ic[i] = (i + 1) G1. With A = a G1 and B = 7 G2 a proof has
/// C = (7 a - 4 - 3 L) / 5 G1, where L is the sum of the public signals' logarithms.
contract Groth16VerifierTest {
  uint256 private constant SCALAR_FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
  uint256 private constant BASE_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
  bytes32 private constant CIRCUIT = keccak256('circuit');

  Groth16Verifier private verifier;

  function setUp() public {
    verifier = new Groth16Verifier();
    verifier.register(CIRCUIT, keyFor(9));
    verifier.seal();
  }

  function testFuzzAcceptsWhatHolds(uint256[9] memory values, uint256 a) public view {
    uint256[] memory signals = inField(values);
    vm.assertTrue(verifier.verify(CIRCUIT, signals, prove(signals, a)));
  }

  function testFuzzRefusesOtherSignals(uint256[9] memory values, uint256 a, uint8 index, uint256 change) public view {
    uint256[] memory signals = inField(values);
    Proof memory proof = prove(signals, a);
    change = 1 + (change % (SCALAR_FIELD - 1));
    signals[index % 9] = addmod(signals[index % 9], change, SCALAR_FIELD);
    vm.assertFalse(verifier.verify(CIRCUIT, signals, proof));
  }

  function testFuzzRefusesAChangedProof(uint256[9] memory values, uint256 a, uint8 word, uint256 change) public view {
    uint256[] memory signals = inField(values);
    Proof memory proof = prove(signals, a);
    change = 1 + (change % type(uint128).max);
    word = word % 8;
    // Another y of the same x in A and C, or any change of B, is another point or none.
    if (word < 2) proof.a[word] ^= change;
    else if (word < 6) proof.b[(word - 2) / 2][word % 2] ^= change;
    else proof.c[word - 6] ^= change;
    vm.assertFalse(verifier.verify(CIRCUIT, signals, proof));
  }

  /// @dev Known and accepted: therefore no proof is identified by its bytes.
  function testAcceptsTheNegatedProof() public view {
    uint256[] memory signals = countUp(9);
    Proof memory proof = prove(signals, 11);
    proof.a[1] = BASE_FIELD - proof.a[1];
    proof.b[1][0] = BASE_FIELD - proof.b[1][0];
    proof.b[1][1] = BASE_FIELD - proof.b[1][1];
    vm.assertTrue(verifier.verify(CIRCUIT, signals, proof));
  }

  function testRefusesSignalsOutsideTheField() public {
    uint256[] memory signals = countUp(9);
    Proof memory proof = prove(signals, 11);
    signals[3] += SCALAR_FIELD;
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.PublicSignalOutOfField.selector, 3));
    verifier.verify(CIRCUIT, signals, proof);
    signals[3] = SCALAR_FIELD;
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.PublicSignalOutOfField.selector, 3));
    verifier.verify(CIRCUIT, signals, proof);
  }

  function testRefusesCoordinatesThatAreNotCanonical() public view {
    uint256[] memory signals = countUp(9);
    for (uint256 i = 0; i < 8; i++) {
      Proof memory proof = prove(signals, 11);
      if (i < 2) proof.a[i] += BASE_FIELD;
      else if (i < 6) proof.b[(i - 2) / 2][i % 2] += BASE_FIELD;
      else proof.c[i - 6] += BASE_FIELD;
      // A precompiled contract takes all gas that it is given when it refuses a point.
      vm.assertFalse(verifier.verify{gas: 1_000_000}(CIRCUIT, signals, proof));
    }
  }

  function testRefusesTheEmptyProof() public view {
    Proof memory proof;
    vm.assertFalse(verifier.verify(CIRCUIT, countUp(9), proof));
  }

  function testRefusesAnotherNumberOfSignals() public {
    Proof memory proof = prove(countUp(9), 11);
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.PublicSignalsMismatch.selector, 8, 9));
    verifier.verify(CIRCUIT, countUp(8), proof);
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.PublicSignalsMismatch.selector, 10, 9));
    verifier.verify(CIRCUIT, countUp(10), proof);
  }

  function testRefusesAnUnknownCircuit() public {
    Proof memory proof = prove(countUp(9), 11);
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.UnknownCircuit.selector, keccak256('other')));
    verifier.verify(keccak256('other'), countUp(9), proof);
  }

  function testVerifiesNothingBeforeItIsSealed() public {
    Groth16Verifier open = new Groth16Verifier();
    open.register(CIRCUIT, keyFor(9));
    Proof memory proof = prove(countUp(9), 11);
    vm.expectRevert(IGroth16Verifier.NotSealed.selector);
    open.verify(CIRCUIT, countUp(9), proof);
    open.seal();
    vm.assertTrue(open.verify(CIRCUIT, countUp(9), proof));
  }

  function testTakesKeysFromTheDeployerUntilItIsSealed() public {
    Groth16Verifier open = new Groth16Verifier();
    IGroth16Verifier.VerifyingKey memory key = keyFor(2);
    vm.prank(address(0xbad));
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.NotDeployer.selector, address(0xbad)));
    open.register(CIRCUIT, key);
    vm.prank(address(0xbad));
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.NotDeployer.selector, address(0xbad)));
    open.seal();
    open.register(CIRCUIT, key);
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.CircuitAlreadyRegistered.selector, CIRCUIT));
    open.register(CIRCUIT, key);
    open.seal();
    vm.expectRevert(IGroth16Verifier.AlreadySealed.selector);
    open.register(keccak256('late'), key);
    vm.expectRevert(IGroth16Verifier.AlreadySealed.selector);
    open.seal();
  }

  function testNamesAKeyByTheHashOfItsWords() public view {
    IGroth16Verifier.VerifyingKey memory key = keyFor(9);
    bytes memory words = abi.encode(key.alpha, key.beta, key.gamma, key.delta);
    for (uint256 i = 0; i < key.ic.length; i++) words = abi.encodePacked(words, key.ic[i][0], key.ic[i][1]);
    vm.assertEq(verifier.verifyingKeyHash(CIRCUIT), keccak256(words));
    vm.assertEq(verifier.verifyingKeyHash(keccak256('other')), bytes32(0));
  }

  function testRefusesDeltaEqualToGammaOrItsNegative() public {
    IGroth16Verifier.VerifyingKey memory key = keyFor(2);
    key.delta = key.gamma;
    expectKeyRefused(key, IGroth16Verifier.DeltaEqualsGamma.selector);
    key.delta[1][0] = BASE_FIELD - key.delta[1][0];
    key.delta[1][1] = BASE_FIELD - key.delta[1][1];
    expectKeyRefused(key, IGroth16Verifier.DeltaEqualsGamma.selector);
  }

  function testRefusesPointsOffTheirCurves() public {
    IGroth16Verifier.VerifyingKey memory key = keyFor(2);
    key.alpha[1] += 1;
    expectKeyRefused(key, IGroth16Verifier.PointInvalid.selector);
    key = keyFor(2);
    key.alpha = [uint256(0), 0];
    expectKeyRefused(key, IGroth16Verifier.PointInvalid.selector);
    key = keyFor(2);
    key.alpha[0] += BASE_FIELD;
    expectKeyRefused(key, IGroth16Verifier.PointInvalid.selector);
    key = keyFor(2);
    key.ic[2] = [uint256(0), 0];
    expectKeyRefused(key, IGroth16Verifier.PointInvalid.selector);
    key = keyFor(2);
    key.ic[1][0] += 1;
    expectKeyRefused(key, IGroth16Verifier.PointInvalid.selector);
    key = keyFor(2);
    key.beta[0][1] += 1;
    expectKeyRefused(key, IGroth16Verifier.PointInvalid.selector);
    key = keyFor(2);
    key.gamma = [[uint256(0), 0], [uint256(0), 0]];
    expectKeyRefused(key, IGroth16Verifier.PointInvalid.selector);
    key = keyFor(2);
    // On the twist, outside the subgroup of order r.
    key.delta = [
      [uint256(0), 1],
      [
        15975588672102553735566230729081043132501226101599136527557730645158523614371,
        3610091866386166428467545612961983990332663701371483510632385378352395651980
      ]
    ];
    expectKeyRefused(key, IGroth16Verifier.PointInvalid.selector);
  }

  function testRefusesKeysWithoutSignalsOrWithTooMany() public {
    Groth16Verifier open = new Groth16Verifier();
    IGroth16Verifier.VerifyingKey memory key = keyFor(0);
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.PublicSignalCountInvalid.selector, 1));
    open.register(CIRCUIT, key);
    key.ic = new uint256[2][](0);
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.PublicSignalCountInvalid.selector, 0));
    open.register(CIRCUIT, key);
    key.ic = new uint256[2][](258);
    vm.expectRevert(abi.encodeWithSelector(IGroth16Verifier.PublicSignalCountInvalid.selector, 258));
    open.register(CIRCUIT, key);
  }

  function testGas() public {
    Groth16Verifier measured = new Groth16Verifier();
    measureRegistration(measured, 'requirement, 34 signals', 34);
    measureRegistration(measured, 'segment, 9 signals', 9);
    measureRegistration(measured, 'aggregate, 11 signals', 11);
    measured.seal();
    measureVerification(measured, 'requirement, 34 signals', 34);
    measureVerification(measured, 'segment, 9 signals', 9);
    measureVerification(measured, 'aggregate, 11 signals', 11);
  }

  function measureRegistration(Groth16Verifier measured, string memory name, uint256 count) private {
    measured.register(keccak256(bytes(name)), keyFor(count));
    vm.snapshotGasLastCall('Groth16Verifier', string.concat('register ', name));
  }

  function measureVerification(Groth16Verifier measured, string memory name, uint256 count) private {
    uint256[] memory signals = countUp(count);
    Proof memory proof = prove(signals, 11);
    vm.assertTrue(measured.verify(keccak256(bytes(name)), signals, proof));
    vm.snapshotGasLastCall('Groth16Verifier', string.concat('verify ', name));
  }

  function expectKeyRefused(IGroth16Verifier.VerifyingKey memory key, bytes4 reason) private {
    Groth16Verifier open = new Groth16Verifier();
    vm.expectRevert(reason);
    open.register(CIRCUIT, key);
  }

  function keyFor(uint256 signalCount) private view returns (IGroth16Verifier.VerifyingKey memory key) {
    key.alpha = multiple(2);
    key.beta = [
      [
        14583779054894525174450323658765874724019480979794335525732096752006891875705,
        18029695676650738226693292988307914797657423701064905010927197838374790804409
      ],
      [
        11474861747383700316476719153975578001603231366361248090558603872215261634898,
        2140229616977736810657479771656733941598412651537078903776637920509952744750
      ]
    ];
    key.gamma = [
      [
        7273165102799931111715871471550377909735733521218303035754523677688038059653,
        2725019753478801796453339367788033689375851816420509565303521482350756874229
      ],
      [
        957874124722006818841961785324909313781880061366718538693995380805373202866,
        2512659008974376214222774206987427162027254181373325676825515531566330959255
      ]
    ];
    key.delta = [
      [
        4540444681147253467785307942530223364530218361853237193970751657229138047649,
        20954117799226682825035885491234530437475518021362091509513177301640194298072
      ],
      [
        11631839690097995216017572651900167465857396346217730511548857041925508482915,
        21508930868448350162258892668132814424284302804699005394342512102884055673846
      ]
    ];
    key.ic = new uint256[2][](signalCount + 1);
    for (uint256 i = 0; i <= signalCount; i++) key.ic[i] = multiple(i + 1);
  }

  function prove(uint256[] memory signals, uint256 a) private view returns (Proof memory proof) {
    a = 1 + (a % (SCALAR_FIELD - 1));
    uint256 sum = 1;
    for (uint256 i = 0; i < signals.length; i++) sum = addmod(sum, mulmod(signals[i], i + 2, SCALAR_FIELD), SCALAR_FIELD);
    uint256 rest = addmod(mulmod(7, a, SCALAR_FIELD), SCALAR_FIELD - 4, SCALAR_FIELD);
    rest = addmod(rest, SCALAR_FIELD - mulmod(3, sum, SCALAR_FIELD), SCALAR_FIELD);
    // A fifth of it, by an inverse of 5 modulo r.
    uint256 fifth = mulmod(rest, (2 * SCALAR_FIELD + 1) / 5, SCALAR_FIELD);
    proof.a = multiple(a);
    proof.b = [
      [
        18551411094430470096460536606940536822990217226529861227533666875800903099477,
        15512671280233143720612069991584289591749188907863576513414377951116606878472
      ],
      [
        1711576522631428957817575436337311654689480489843856945284031697403898093784,
        13376798835316611669264291046140500151806347092962367781523498857425536295743
      ]
    ];
    proof.c = multiple(fifth);
  }

  function multiple(uint256 scalar) private view returns (uint256[2] memory point) {
    (bool done, bytes memory output) = address(7).staticcall(abi.encode(1, 2, scalar));
    vm.assertTrue(done);
    point = abi.decode(output, (uint256[2]));
  }

  function inField(uint256[9] memory values) private pure returns (uint256[] memory signals) {
    signals = new uint256[](9);
    for (uint256 i = 0; i < 9; i++) signals[i] = values[i] % SCALAR_FIELD;
  }

  function countUp(uint256 count) private pure returns (uint256[] memory signals) {
    signals = new uint256[](count);
    for (uint256 i = 0; i < count; i++) signals[i] = uint256(keccak256(abi.encode(i))) % SCALAR_FIELD;
  }
}
