"""thriftpy2, driven line by line: JSON requests on stdin, JSON answers on stdout; the IDL's path is the argument.

Values are as `kefu_wire::thrift::to_json` writes them: members by name, enums by name, maps as objects.
"""

import base64
import json
import sys

import thriftpy2
from thriftpy2.protocol import TBinaryProtocolFactory, TCompactProtocolFactory
from thriftpy2.thrift import TType
from thriftpy2.utils import deserialize, serialize

FACTORIES = {"binary": TBinaryProtocolFactory, "compact": TCompactProtocolFactory}
MODULE = thriftpy2.load(sys.argv[1], module_name="root_thrift")


def parts(spec):
    """The type, and what it is made of: `spec` is a number, or a number and more."""
    return spec if isinstance(spec, tuple) else (spec, None)


def to_json(spec, value):
    ttype, inner = parts(spec)
    if ttype == TType.STRUCT:
        members = {}
        for number in sorted(inner.thrift_spec):
            field = inner.thrift_spec[number]
            field_value = getattr(value, field[1])
            if field_value is not None:
                members[field[1]] = to_json((field[0], field[2]) if len(field) > 3 else field[0], field_value)
        return members
    if ttype in (TType.LIST, TType.SET):
        return [to_json(inner, element) for element in value]
    if ttype == TType.MAP:
        key, mapped = inner
        keys = ((to_json(key, left), to_json(mapped, right)) for left, right in value.items())
        return {left if isinstance(left, str) else json.dumps(left): right for left, right in keys}
    if ttype == TType.I32 and inner is not None:
        return inner._VALUES_TO_NAMES[value]
    return value


def from_json(spec, value):
    ttype, inner = parts(spec)
    if ttype == TType.STRUCT:
        fields = {field[1]: field for field in inner.thrift_spec.values()}
        members = {}
        for name, member in value.items():
            field = fields[name]
            members[name] = from_json((field[0], field[2]) if len(field) > 3 else field[0], member)
        return inner(**members)
    if ttype in (TType.LIST, TType.SET):
        return [from_json(inner, element) for element in value]
    if ttype == TType.MAP:
        key, mapped = inner
        return {key_from_json(key, left): from_json(mapped, right) for left, right in value.items()}
    if ttype == TType.I32 and inner is not None:
        return inner._NAMES_TO_VALUES[value]
    return value


def key_from_json(spec, text):
    ttype, inner = parts(spec)
    if ttype == TType.I32 and inner is not None:
        return inner._NAMES_TO_VALUES[text]
    return text if ttype == TType.STRING else json.loads(text)


def answer(request):
    factory = FACTORIES[request["protocol"]]()
    root = (TType.STRUCT, MODULE.Root)
    if request["do"] == "write":
        return {"b64": base64.b64encode(serialize(from_json(root, request["value"]), factory)).decode()}
    return {"value": to_json(root, deserialize(MODULE.Root(), base64.b64decode(request["b64"]), factory))}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
