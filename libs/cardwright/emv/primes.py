"""Random primes for RSA moduli of fewer bits than the cryptographic library makes.

Cards for tests still carry moduli of 768 and 896 bits, and the library begins at 1024. The method
is that of FIPS 186-4, appendix B.3.3 (primes that are probably prime) with the Miller-Rabin test
of its appendix C.3.1.
"""

from __future__ import annotations

import math
import secrets
from typing import Final

__all__ = ["is_probable_prime", "random_prime"]

_ROUNDS: Final = 40  # an error below 2^-80 even for a number that somebody chose to deceive
_SMALL: Final = tuple(n for n in range(3, 2000, 2) if all(n % d for d in range(3, n, 2)))
_PRODUCT: Final = math.prod(_SMALL)


def random_prime(bits: int, exponent: int) -> int:
    """Return a prime ``p`` of ``bits`` bits, its two highest set, with ``p - 1`` prime to e.

    Two such primes make a modulus of exactly twice as many bits.

    Args:
        bits: 16 at least.
        exponent: the public exponent, an odd prime.
    """
    high = 0b11 << bits - 2
    while True:
        candidate = secrets.randbits(bits) | high | 1
        if candidate % exponent != 1 and is_probable_prime(candidate):
            return candidate


def is_probable_prime(number: int) -> bool:
    """Tell whether 40 rounds of Miller-Rabin with random bases find no witness against it."""
    if number < 2000:
        return number == 2 or number in _SMALL
    if number % 2 == 0 or math.gcd(number, _PRODUCT) != 1:
        return False
    odd = number - 1
    twos = (odd & -odd).bit_length() - 1
    odd >>= twos
    return not any(_witness(number, odd, twos) for _ in range(_ROUNDS))


def _witness(number: int, odd: int, twos: int) -> bool:
    """Try one random base; ``number - 1`` is ``odd`` times two to the power ``twos``."""
    power = pow(secrets.randbelow(number - 3) + 2, odd, number)
    if power in {1, number - 1}:
        return False
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return False
    return True
