"""Writes simplified.txt from the Unicode Character Database: generate.py Unihan_Variants.txt > simplified.txt

Unihan_Variants.txt is in Debian's package unicode-data. A character that Unihan gives a simplified form gets it; one
that it only calls a variant of such a character gets the same, unless it is in everyday use itself (GB 2312).
"""

import sys
from collections import defaultdict

# Everyday variants that Unihan does not relate.
BY_HAND = {"羣": "群", "峯": "峰", "牀": "床"}


def in_everyday_use(char):
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def in_table(char):
    return 0x3400 <= ord(char) <= 0x9FFF


def read(path):
    relations = defaultdict(dict)
    for line in open(path, encoding="utf-8"):
        if line.startswith("# Unicode version"):
            version = line.split(":")[1].strip()
        if line.startswith("#") or not line.strip():
            continue
        char, relation, others = line.rstrip("\n").split("\t")
        number = lambda code: chr(int(code.split("<")[0][2:], 16))
        relations[relation][number(char)] = [number(other) for other in others.split()]
    return relations, version


relations, version = read(sys.argv[1])
simplified = {}
for char, others in relations["kSimplifiedVariant"].items():
    others = [other for other in others if other != char and in_table(other)]
    if in_table(char) and others:
        simplified[char] = others[0]
variants = {}
for relation in ("kZVariant", "kSemanticVariant"):
    for char, others in relations[relation].items():
        known = char in simplified or char in variants or char in relations["kTraditionalVariant"]
        if known or not in_table(char) or in_everyday_use(char):
            continue
        for other in others:
            if other in simplified and in_everyday_use(simplified[other]):
                variants[char] = simplified[other]
                break
            if relation == "kZVariant" and in_everyday_use(other):
                variants[char] = other
                break
simplified |= variants | BY_HAND
# A simplified form may have one itself.
for char in simplified:
    seen = {char}
    while simplified[char] in simplified and simplified[char] not in seen:
        seen.add(simplified[char])
        simplified[char] = simplified[simplified[char]]

print(f"# Traditional and variant characters, each followed by its simplified form. Made by generate.py from the")
print(f"# Unicode Character Database {version} (Unihan_Variants.txt); its licence is the file LICENSE beside this one.")
for char in sorted(simplified):
    if simplified[char] != char:
        print(char + simplified[char])
