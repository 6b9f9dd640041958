"""Which common things captions speak of: a list of things with the words people use for each.

For the POPE protocol, which needs to know what is in a photo. Things are taken from captions by
whole words, plurals understood; what captions do not mention is taken as absent, which is wrong
for things nobody found worth mentioning, and so makes the figures a little too low for every
model alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

_LINES = """
dog: dog puppy hound poodle terrier greyhound retriever
cat: cat kitten
horse: horse pony
bird: bird duck goose pigeon seagull
cow: cow bull cattle
sheep: sheep lamb
man: man guy gentleman
woman: woman lady
child: child kid boy girl toddler baby
bicycle: bicycle bike
motorcycle: motorcycle motorbike
car: car taxi
bus: bus
truck: truck
train: train locomotive
boat: boat ship canoe kayak sailboat
airplane: airplane plane jet
rocket: rocket
ball: ball football soccerball basketball
frisbee: frisbee
skateboard: skateboard skateboarder
surfboard: surfboard surfer
snowboard: snowboard snowboarder
swing: swing
slide: slide
bench: bench
chair: chair
table: table
bed: bed
book: book
cup: cup mug
bottle: bottle
spoon: spoon
guitar: guitar
camera: camera
tripod: tripod
phone: phone cellphone telephone
computer: computer laptop
clock: clock
umbrella: umbrella
hat: hat cap
helmet: helmet
sunglasses: sunglasses
backpack: backpack rucksack
flag: flag
rope: rope
fence: fence
tree: tree
flower: flower
grass: grass lawn
rock: rock stone boulder
mountain: mountain hill cliff
snow: snow
sand: sand
water: water river lake ocean sea pool
wave: wave
beach: beach shore
street: street road
building: building house
wall: wall
window: window
door: door
stairs: stairs staircase
moon: moon
star: star
galaxy: galaxy
brick: brick
coin: coin
"""


@cache
def vocabulary() -> dict[str, str]:
    """Return for each word, plurals included, the thing it means."""
    found = {}
    for line in _LINES.strip().splitlines():
        thing, words = line.split(":")
        for word in words.split():
            found[word] = thing
            found.setdefault(_plural(word), thing)
    return found | {"men": "man", "women": "woman", "children": "child", "people": "people"}


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in "aeiou" else f"{word}s"


def objects_of(values: Mapping[str, Any]) -> frozenset[str]:
    """Return the things of a row: its ``objects``, or those that its ``captions`` mention."""
    if isinstance(given := values.get("objects"), list):
        return frozenset(str(name) for name in given)
    words = re.findall(r"[a-z]+", " ".join(map(str, values.get("captions") or ())).lower())
    known = vocabulary()
    return frozenset(known[word] for word in words if word in known) - {"people"}
