"""Converts payload["value"] from one unit to another; `result` is what comes of it."""

METRES = {"mm": 0.001, "cm": 0.01, "m": 1, "km": 1000, "in": 0.0254, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344}
GRAMS = {"g": 1, "kg": 1000, "oz": 28.349523125, "lb": 453.59237}


def to_kelvin(value, unit):
    return {"C": value + 273.15, "F": (value - 32) * 5 / 9 + 273.15, "K": value}[unit]


def from_kelvin(value, unit):
    return {"C": value - 273.15, "F": (value - 273.15) * 9 / 5 + 32, "K": value}[unit]


def convert(value, source, target):
    for table in (METRES, GRAMS):
        if source in table and target in table:
            return value * table[source] / table[target]
    if source in "CFK" and target in "CFK":
        return from_kelvin(to_kelvin(value, source), target)
    return None


value = convert(payload["value"], payload["from"], payload["to"])
if value is None:
    result = {"error": "these units do not go together; known are " + ", ".join([*METRES, *GRAMS, "C", "F", "K"])}
else:
    result = {"value": round(value, 3), "unit": payload["to"]}
