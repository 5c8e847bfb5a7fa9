"""Values of every kind, sent and given back."""

import datetime
import decimal
import uuid

from app import echo, trace
from case import case

EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
VALUES = {
    "none": None,
    "true": True,
    "false": False,
    "integer": 42,
    "negative integer": -7,
    "largest exact integer": 2**53 - 1,
    "integer of 64 bits": 2**63 - 1,
    "integer of 200 digits": int("12345678901234567890" * 10),
    "float": 2.5,
    "float without fraction": 3.0,
    "float that is small": 1e-300,
    "float that is large": 1.7976931348623157e308,
    "negative zero": -0.0,
    "nan": float("nan"),
    "infinity": float("inf"),
    "negative infinity": float("-inf"),
    "empty string": "",
    "unicode": "héllo – 日本語 – 🙂",
    "quotes": "it's \"quoted\" \\ and \n a new line",
    "control characters": "\x00\x01\x1f\x7f\u2028",
    "lone surrogate": "\ud83d",
    "string like a number": "42",
    "string like a date": "2024-05-06T07:08:09",
    "bytes": b"text",
    "bytes that are no text": b"\xff\xfe\x00",
    "empty bytes": b"",
    "decimal": decimal.Decimal("1.50"),
    "decimal of 40 digits": decimal.Decimal("1234567890123456789012345678.901234567890"),
    "decimal nan": decimal.Decimal("NaN"),
    "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
    "datetime without zone": datetime.datetime(2024, 5, 6, 7, 8, 9),
    "datetime of utc": datetime.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.timezone.utc),
    "datetime of another zone": datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=EAST),
    "date": datetime.date(2024, 5, 6),
    "time": datetime.time(7, 8, 9),
    "time with microseconds": datetime.time(7, 8, 9, 120000),
    "list": [1, [2, [3, [4, [5]]]]],
    "empty list": [],
    "tuple": (1, (2, 3)),
    "dict": {"b": 1, "a": {"c": [None, True]}},
    "empty dict": {},
    "dict with numbers for keys": {1: "one", 2: "two"},
    "dict that looks like a type": {"__type__": "uuid"},
    "dict with strange keys": {"__proto__": 1, "constructor": 2, "": 3, "a b": 4},
    "many special values": {"at": [datetime.date(2024, 5, 6)], "id": uuid.UUID(int=1), "price": decimal.Decimal("9.99"), "raw": b"\x80"},
    "100 kilobytes": "abcdefghij" * 10_000,
    "long list": list(range(500)),
    "many keys": {f"key-{number}": number for number in range(100)},
    "long strings in a list": ["x" * 400, "y" * 400, "z" * 400],
}

for kind, value in VALUES.items():

    @case(f"arguments: {kind}")
    def _(client, value=value):
        return client.run(echo.delay(value))


@case("arguments: special values by keyword")
def _(client):
    return client.run(echo.delay(value={"at": datetime.datetime(2024, 5, 6, tzinfo=datetime.timezone.utc), "raw": b"\xff"}))


@case("arguments: special values through a chain")
def _(client):
    chain = echo.s(decimal.Decimal("1.5")) | echo.s() | trace.s("end")
    return client.run(chain.apply_async())
