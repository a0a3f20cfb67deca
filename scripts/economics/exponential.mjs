// SPDX-License-Identifier: MIT OR Apache-2.0
// The exponential and the logarithm of the contracts (solady 0.1.26, MIT; by Remco Bloemen), rounding for rounding: EVM words as
// BigInt. A shift to the right of a BigInt rounds down and its division towards zero, as `sar` and `sdiv` do.

const LN2 = 54916777467707473351141471128n; // in units of 2^-96
const HALF = 1n << 95n;

/** e^x, argument and result with 18 decimals, rounded down: `FixedPointMathLib.expWad` for 0 <= x < 135e18. */
export function expWad(wad) {
  if (wad < 0n || wad >= 135305999368893231589n) throw new RangeError(`expWad: ${wad} is not in [0, 135.3e18)`);
  let x = (wad << 78n) / 5n ** 18n;
  const k = ((x << 96n) / LN2 + HALF) >> 96n;
  x -= k * LN2;
  return (quotient(x) * 3822833074963236453042738258902158003155416615667n) >> (195n - k);
}

/** The (6, 7)-term rational approximation of e^x on |x| <= ln(2) / 2, but for a constant factor. */
function quotient(x) {
  let y = x + 1346386616545796478920950773328n;
  y = ((y * x) >> 96n) + 57155421227552351082224309758442n;
  let p = y + x - 94201549194550492254356042504812n;
  p = ((p * y) >> 96n) + 28719021644029726153956944680412240n;
  p = p * x + (4385272521454847904659076985693276n << 96n);

  let q = x - 2855989394907223263936484059900n;
  q = ((q * x) >> 96n) + 50020603652535783019961831881945n;
  q = ((q * x) >> 96n) - 533845033583426703283633433725380n;
  q = ((q * x) >> 96n) + 3604857256930695427073651918091429n;
  q = ((q * x) >> 96n) - 14423608567350463180887372962807573n;
  q = ((q * x) >> 96n) + 26449188498355588339934803723976023n;
  return p / q;
}

const LN_NUMERATOR = [3273285459638523848632254066296n, 24828157081833163892658089445524n, 43456485725739037958740375743393n];
const LN_LOWER = [11111509109440967052023855526967n, 45023709667254063763336534515857n, 14706773417378608786704636184526n];
const LN_DENOMINATOR = [
  71694874799317883764090561454958n, 283447036172924575727196451306956n, 401686690394027663651624208769553n,
  204048457590392012362485061816622n, 31853899698501571402653359427138n, 909429971244387300277376558375n,
];

/** ln(x), argument and result with 18 decimals, rounded down: `FixedPointMathLib.lnWad` for 0 < x < 2^255. */
export function lnWad(wad) {
  if (wad <= 0n) throw new RangeError(`lnWad: ${wad} is not positive`);
  const log2 = BigInt(wad.toString(2).length - 1);
  const x = (wad << (255n - log2)) >> 159n; // in [1, 2) * 2^96

  let p = LN_NUMERATOR[0] + x;
  for (const term of LN_NUMERATOR.slice(1)) p = term + ((p * x) >> 96n);
  for (const [i, term] of LN_LOWER.entries()) p = ((p * x) >> 96n) - term;
  p = p * x - (795164235651350426258249787498n << 96n);

  let q = 5573035233440673466300451813936n + x;
  for (const term of LN_DENOMINATOR) q = term + ((x * q) >> 96n);

  const scaled = 1677202110996718588342820967067443963516166n * (p / q);
  const powers = 16597577552685614221487285958193947469193820559219878177908093499208371n * (log2 - 96n);
  return (scaled + powers + 600920179829731861736702779321621459595472258049074101567377883020018308n) >> 174n;
}
