import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso import luhn
from cardwright.iso.errors import PanError, TrackError
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry, ServiceCode, Track1, Track2
from cardwright.secret import SecretText

PAN = Pan("4111111111111111")
NAME = SecretText("GARCIA/MARIA")
INFORMATION = " $()-./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

pans = st.text("0123456789", min_size=11, max_size=18).map(lambda b: Pan(b + luhn.check_digit(b)))
expiries = st.builds(Expiry, st.integers(2000, 2099), st.integers(1, 12))
service_codes = st.builds(
    lambda *d: ServiceCode("".join(d)),
    st.sampled_from("125679"),
    st.sampled_from("024"),
    st.sampled_from("01234567"),
)
names = st.text(INFORMATION, min_size=2, max_size=26).map(SecretText)


@given(pans, names, expiries, service_codes, st.data())
def test_track_1_reads_what_it_writes(
    pan: Pan, name: SecretText, expiry: Expiry, code: ServiceCode, data: st.DataObject
) -> None:
    room = 79 - 13 - len(pan) - len(name)
    extra = SecretText(data.draw(st.text(INFORMATION, max_size=room)))
    track = Track1(pan, name, expiry, code, extra)
    assert Track1.parse(track.encode()) == track
    assert len(track.encode()) + 1 <= 79
    with pytest.raises(TrackError, match="79"):
        Track1(pan, name, expiry, code, SecretText("0" * (room + 1)))


@given(pans, expiries, service_codes, st.data())
def test_track_2_reads_what_it_writes(
    pan: Pan, expiry: Expiry, code: ServiceCode, data: st.DataObject
) -> None:
    room = 40 - 11 - len(pan)
    extra = SecretText(data.draw(st.text("0123456789", max_size=room)))
    track = Track2(pan, expiry, code, extra)
    assert Track2.parse(track.encode()) == track
    assert len(track.encode()) + 1 <= 40
    with pytest.raises(TrackError, match="40"):
        Track2(pan, expiry, code, SecretText("0" * (room + 1)))


def test_layout_is_that_of_iso_7813() -> None:
    expiry, code = Expiry(2029, 12), ServiceCode("201")
    track1 = Track1(PAN, NAME, expiry, code, SecretText("100000123"))
    track2 = Track2(PAN, expiry, code, SecretText("100123"))
    assert track1.encode().reveal() == "%B4111111111111111^GARCIA/MARIA^2912201100000123?"
    assert track2.encode().reveal() == ";4111111111111111=2912201100123?"
    assert "4111" not in repr(track1) + repr(track2)
    assert "GARCIA" not in repr(track1)
    assert "123" not in repr(track1) + repr(track2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%A4111111111111111^GARCIA/MARIA^2912201?",
        "%B4111111111111111^GARCIA/MARIA^^?",
        "%B4111111111111111^GARCIA/MARIA^2912201",
        "B4111111111111111^GARCIA/MARIA^2912201?",
        "%B4111111111111111^GARCIA/MARIA^2912201??",
        "%B4111111111111111^GARCIA/MARIA^2912201?\n",
    ],
    ids=range(7),
)
def test_track_1_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(TrackError) as caught:
        Track1.parse(SecretText(text))
    assert caught.value.code == "TRACK_FORMAT"


@pytest.mark.parametrize(
    "text",
    ["", ";4111111111111111=2912?", ";4111111111111111=2912201A?", "4111111111111111=2912201"],
    ids=range(4),
)
def test_track_2_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(TrackError) as caught:
        Track2.parse(SecretText(text))
    assert caught.value.code == "TRACK_FORMAT"


def test_a_field_that_is_wrong_in_itself_says_which() -> None:
    with pytest.raises(PanError):
        Track2.parse(SecretText(";4111111111111112=2912201?"))
    with pytest.raises(TrackError) as caught:
        Track2.parse(SecretText(";4111111111111111=2913201?"))
    assert caught.value.code == "EXPIRY_FORMAT"
    with pytest.raises(TrackError) as caught:
        Track2.parse(SecretText(";4111111111111111=2912301?"))
    assert caught.value.code == "SERVICE_CODE_FORMAT"


@pytest.mark.parametrize("bad", ["A", "GARCIA^", "garcia/m", "A'B/", "A" * 27], ids=range(5))
def test_a_name_that_track_1_cannot_hold(bad: str) -> None:
    with pytest.raises(TrackError) as caught:
        Track1(PAN, SecretText(bad), Expiry(2029, 1), ServiceCode("101"), SecretText(""))
    assert caught.value.code == "TRACK_CHARACTER"


def test_discretionary_data_that_track_2_cannot_hold() -> None:
    with pytest.raises(TrackError) as caught:
        Track2(PAN, Expiry(2029, 1), ServiceCode("101"), SecretText("12=3"))
    assert caught.value.code == "TRACK_CHARACTER"


@given(expiries)
def test_expiry_orders_and_last_day(expiry: Expiry) -> None:
    assert Expiry.from_yymm(expiry.yymm) == expiry
    assert expiry.mmyy == expiry.yymm[2:] + expiry.yymm[:2]
    next_day = expiry.last_day() + dt.timedelta(days=1)
    assert next_day.day == 1
    assert (expiry.last_day().year, expiry.last_day().month) == (expiry.year, expiry.month)


def test_expiry_of_a_leap_february() -> None:
    assert Expiry.from_yymm("2802").last_day() == dt.date(2028, 2, 29)


@pytest.mark.parametrize("text", ["", "290", "2900", "2913", "29 1", "٢٩٠١", "-101"])
def test_no_expiry(text: str) -> None:
    with pytest.raises(TrackError) as caught:
        Expiry.from_yymm(text)
    assert caught.value.code == "EXPIRY_FORMAT"


def test_service_codes_of_iso_7813_and_no_others() -> None:
    good = {"".join(d) for d in itertools.product("125679", "024", "01234567")}
    for code in (*good, *(f"{n:03d}" for n in range(1000)), "20", "2011", ""):
        if code in good:
            assert ServiceCode(code).digits == code
        else:
            with pytest.raises(TrackError) as caught:
                ServiceCode(code)
            assert caught.value.code == "SERVICE_CODE_FORMAT"


def test_service_code_meaning() -> None:
    assert ServiceCode("201").meaning()[1:] == ("normal", "no restrictions")
    assert ServiceCode("201").has_chip
    assert not ServiceCode("101").has_chip
