import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.emv.oda import certificate as certificates
from cardwright.emv.oda.answer import check_answer, read_answer, write_answer
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.request import IssuerRequest, RequestFiles, read_request, write_request
from cardwright.emv.rsa import RsaPublic, public_of
from cardwright.iso.tracks import Expiry
from tests.unit.emv.oda_kit import ISSUER_EXPIRY, TODAY, authority
from tests.unit.emv.rsa_kit import Recorder, rsa_key

KEY = rsa_key(896, 3, "issuer")


def written() -> RequestFiles:
    return write_request(KEY, "411111", 0x00002A, ISSUER_EXPIRY, 0x123456)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from((768, 896, 1152)),
    st.sampled_from((3, 65537)),
    st.text("0123456789", min_size=3, max_size=8),
    st.integers(0, 0xFFFFFF),
    st.integers(0, 0xFFFFFF),
    st.builds(Expiry, st.integers(2000, 2099), st.integers(1, 12)),
)
def test_a_request_is_read_back(
    bits: int, exponent: int, identifier: str, index: int, tracking: int, expiry: Expiry
) -> None:
    key = rsa_key(bits, exponent, "issuer")
    files = write_request(key, identifier, index, expiry, tracking)
    asked = IssuerRequest(public_of(key), identifier, index, expiry, tracking)
    assert read_request(files) == asked


def test_the_octets_of_a_request() -> None:
    # The fields in the order of the public references; see the module.
    recorder = Recorder(KEY.modulus)
    files = write_request(recorder, "411111", 0x00002A, ISSUER_EXPIRY, 0x123456)
    clear = bytes.fromhex("411111FF" "00002A" "01" "70" "01") + KEY.modulus + b"\x03"  # fmt: skip
    assert files.key_file[: len(clear)] == clear
    (block,) = recorder.blocks
    assert block[:15] == bytes.fromhex("6A" "11411111FF" "1231" "123456" "01017001")  # fmt: skip
    assert block[15:-21] == KEY.modulus[:-36]
    assert block[-1] == 0xBC
    assert files.hash_file == bytes.fromhex("411111FF" "00002A" "01") + block[-21:-1]  # fmt: skip


def test_files_are_named_as_those_that_were_published() -> None:
    # 522230-000001.cEF: identifier, the issuer's index of its key, the authority's of its own.
    assert read_request(written()).file_stem == "411111-00002A"


def test_no_bit_of_a_request_may_change() -> None:
    files = written()
    for name in ("key_file", "hash_file"):
        octets = getattr(files, name)
        number = int.from_bytes(octets)
        for bit in range(8 * len(octets)):
            changed = (number ^ 1 << bit).to_bytes(len(octets))
            with pytest.raises(OdaError):
                read_request(dataclasses.replace(files, **{name: changed}))


@settings(deadline=None)
@given(st.integers(0, 400))
def test_a_cut_request_is_refused(length: int) -> None:
    files = written()
    with pytest.raises(OdaError) as caught:
        read_request(RequestFiles(files.key_file[: min(length, 234)], files.hash_file))
    assert caught.value.code == "REQUEST_FORMAT"


@settings(deadline=None)
@given(st.binary(max_size=500), st.binary(max_size=40))
def test_any_octets_are_refused_with_a_code(key_file: bytes, hash_file: bytes) -> None:
    with pytest.raises(OdaError):
        read_request(RequestFiles(key_file, hash_file))


def test_the_hash_of_another_request_is_refused() -> None:
    other = write_request(KEY, "411111", 0x00002A, ISSUER_EXPIRY, 0x123457)
    with pytest.raises(OdaError) as caught:
        read_request(dataclasses.replace(written(), hash_file=other.hash_file))
    assert caught.value.code == "REQUEST_MISMATCH"


def test_a_key_that_the_issuer_does_not_hold_is_refused() -> None:
    # The clear part names somebody's key, the proof is by another.
    other = write_request(rsa_key(896, 65537, "issuer"), "411111", 1, ISSUER_EXPIRY, 1)
    mine = written().key_file
    mixed = mine[:-KEY_LENGTH] + other.key_file[-KEY_LENGTH:]
    with pytest.raises(OdaError) as caught:
        read_request(RequestFiles(mixed, written().hash_file))
    assert caught.value.code.startswith("SIGNATURE_")


def test_a_proof_for_another_modulus_is_refused() -> None:
    # Signed by the key of the clear part, yet for a modulus that differs from it in front.
    other = RsaPublic(b"\xc1" * 76 + KEY.modulus[-36:], 3)
    subject = bytes.fromhex("11411111FF1231123456")
    proof = certificates.certify(KEY, subject, other)
    files = written()
    forged = files.key_file[:-KEY_LENGTH] + proof.certificate
    with pytest.raises(OdaError) as caught:
        read_request(RequestFiles(forged, files.hash_file))
    assert caught.value.code == "REQUEST_MISMATCH"


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("02411111FF1231123456", "REQUEST_FORMAT"),
        ("11511111FF1231123456", "REQUEST_MISMATCH"),
        ("11411111FF1331123456", "FIELD_VALUE"),
        ("11FFFFFFFF1231123456", "FIELD_VALUE"),
    ],
)
def test_a_proof_of_something_else_is_refused(subject: str, code: str) -> None:
    proof = certificates.certify(KEY, bytes.fromhex(subject), public_of(KEY))
    files = written()
    forged = files.key_file[:-KEY_LENGTH] + proof.certificate
    with pytest.raises(OdaError) as caught:
        read_request(RequestFiles(forged, files.hash_file))
    assert caught.value.code == code


def test_a_short_key_is_not_requested() -> None:
    with pytest.raises(OdaError) as caught:
        write_request(rsa_key(760, 3, "issuer"), "411111", 1, ISSUER_EXPIRY, 1)
    assert caught.value.code == "KEY_LENGTH"


@settings(max_examples=20, deadline=None)
@given(st.sampled_from((768, 896, 1152)), st.sampled_from((3, 65537)), st.sampled_from((1, 2)))
def test_an_answer_is_read_back(bits: int, exponent: int, index: int) -> None:
    ca = authority()
    files = write_request(rsa_key(bits, exponent, "issuer"), "411111", 7, ISSUER_EXPIRY, 9)
    request = read_request(files)
    answer = ca.issue(request, index, 0x77, TODAY)
    again = read_answer(write_answer(answer), ca.keys[index - 1], TODAY)
    assert again == answer
    check_answer(again, request)
    assert (again.issuer.serial, again.suffix) == (0x77, f".c{index:02X}")


def test_an_answer_by_another_key_is_refused() -> None:
    ca = authority()
    data = write_answer(ca.issue(read_request(written()), 1, 1, TODAY))
    with pytest.raises(OdaError) as caught:
        read_answer(data, ca.keys[1], TODAY)
    assert caught.value.code == "CAPK_INDEX"
    renamed = data[:7] + b"\x02" + data[8:]
    with pytest.raises(OdaError) as caught:
        read_answer(renamed, ca.keys[1], TODAY)
    assert caught.value.code == "SIGNATURE_FORMAT"


def test_answers_that_are_none() -> None:
    ca = authority()
    data = write_answer(ca.issue(read_request(written()), 1, 1, TODAY))
    for cut in (0, 7, 8, 152):
        with pytest.raises(OdaError) as caught:
            read_answer(data[:cut], ca.keys[0], TODAY)
        assert caught.value.code == "ANSWER_FORMAT"
    with pytest.raises(OdaError) as caught:
        read_answer(b"\x51" + data[1:], ca.keys[0], TODAY)
    assert caught.value.code == "ANSWER_MISMATCH"
    with pytest.raises(OdaError) as caught:
        read_answer(data, ca.keys[0], Expiry(2032, 1).last_day())
    assert caught.value.code == "CERTIFICATE_EXPIRED"


def test_an_answer_to_another_request_is_refused() -> None:
    request = read_request(written())
    answer = authority().issue(request, 1, 1, TODAY)
    for other in (
        dataclasses.replace(request, index=8),
        dataclasses.replace(request, identifier="411112"),
        dataclasses.replace(request, key=public_of(rsa_key(896, 65537, "issuer"))),
    ):
        with pytest.raises(OdaError) as caught:
            check_answer(answer, other)
        assert caught.value.code == "ANSWER_MISMATCH"


KEY_LENGTH = len(KEY.modulus)
