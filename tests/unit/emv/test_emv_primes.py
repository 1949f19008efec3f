import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.emv.primes import is_probable_prime, random_prime


def test_small_numbers_are_judged_as_a_sieve_does() -> None:
    sieve = set(range(2, 6000))
    for n in range(2, 78):
        sieve -= set(range(2 * n, 6000, n))
    assert {n for n in range(-3, 6000) if is_probable_prime(n)} == sieve


@pytest.mark.parametrize(
    "composite",
    [
        8911, 10585, 825265, 9746347772161,  # Carmichael numbers: OEIS A002997, A006931
        3215031751,  # Jaeschke: the least strong pseudoprime to the bases 2, 3, 5 and 7
        3825123056546413051,  # Jaeschke: to the first nine primes
        318665857834031151167461,  # Sorenson and Webster: to the first twelve
        2**67 - 1,  # Cole, 1903
        2**521 + 1,
    ],
)  # fmt: skip
def test_numbers_made_to_deceive_are_found_out(composite: int) -> None:
    assert not is_probable_prime(composite)


@pytest.mark.parametrize("exponent", [61, 89, 107, 127, 521, 607])
def test_mersenne_primes_are_taken(exponent: int) -> None:
    assert is_probable_prime(2**exponent - 1)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from((64, 100, 384)), st.sampled_from((3, 65537)))
def test_a_random_prime_fills_its_half_of_a_modulus(bits: int, exponent: int) -> None:
    prime = random_prime(bits, exponent)
    assert is_probable_prime(prime)
    assert prime >> bits - 2 == 0b11
    assert (prime - 1) % exponent


def test_two_random_primes_differ() -> None:
    assert random_prime(64, 3) != random_prime(64, 3)
