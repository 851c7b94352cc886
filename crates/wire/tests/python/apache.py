"""The Thrift libraries of others, driven line by line: JSON requests on stdin, JSON answers on stdout.

Values are in the schema-less form of `kefu_wire::thrift::raw`: `{"1":{"i32":5},"2":{"list":["string",["a"]]}}`.
"""

import base64
import json
import sys

from thrift.Thrift import TType
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.transport.THeaderTransport import THeaderClientType, THeaderTransport, THeaderSubprotocolID
from thrift.transport.TTransport import TMemoryBuffer

PROTOCOLS = {"binary": TBinaryProtocol, "compact": TCompactProtocol, "json": TJSONProtocol}
TYPES = {
    "bool": TType.BOOL, "i8": TType.BYTE, "double": TType.DOUBLE, "i16": TType.I16, "i32": TType.I32,
    "i64": TType.I64, "string": TType.STRING, "struct": TType.STRUCT, "map": TType.MAP, "set": TType.SET,
    "list": TType.LIST,
}
NAMES = {number: name for name, number in TYPES.items()}


def write(protocol, name, value):
    if name == "bool":
        protocol.writeBool(value)
    elif name == "i8":
        protocol.writeByte(value)
    elif name in ("i16", "i32", "i64"):
        getattr(protocol, "write" + name.upper())(value)
    elif name == "double":
        protocol.writeDouble(float(value.replace("Infinity", "inf")) if isinstance(value, str) else value)
    elif name == "string":
        if isinstance(value, dict):
            protocol.writeBinary(base64.b64decode(value["b64"]))
        else:
            protocol.writeString(value)
    elif name == "struct":
        protocol.writeStructBegin("s")
        for field, typed in value.items():
            (field_type, inner), = typed.items()
            protocol.writeFieldBegin("f", TYPES[field_type], int(field))
            write(protocol, field_type, inner)
            protocol.writeFieldEnd()
        protocol.writeFieldStop()
        protocol.writeStructEnd()
    elif name in ("list", "set"):
        element, values = value
        begin, end = ("writeListBegin", "writeListEnd") if name == "list" else ("writeSetBegin", "writeSetEnd")
        getattr(protocol, begin)(TYPES[element], len(values))
        for inner in values:
            write(protocol, element, inner)
        getattr(protocol, end)()
    else:
        key, mapped, entries = value
        protocol.writeMapBegin(TYPES[key], TYPES[mapped], len(entries))
        for left, right in entries:
            write(protocol, key, left)
            write(protocol, mapped, right)
        protocol.writeMapEnd()


def double(value):
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def read(protocol, ttype):
    name = NAMES[ttype]
    if name == "bool":
        return bool(protocol.readBool())
    if name == "i8":
        return protocol.readByte()
    if name in ("i16", "i32", "i64"):
        return getattr(protocol, "read" + name.upper())()
    if name == "double":
        return double(protocol.readDouble())
    if name == "string":
        return protocol.readString()
    if name == "struct":
        fields = {}
        protocol.readStructBegin()
        while True:
            _, field_type, number = protocol.readFieldBegin()
            if field_type == TType.STOP:
                break
            fields[str(number)] = {NAMES[field_type]: read(protocol, field_type)}
            protocol.readFieldEnd()
        protocol.readStructEnd()
        return fields
    if name in ("list", "set"):
        begin, end = ("readListBegin", "readListEnd") if name == "list" else ("readSetBegin", "readSetEnd")
        element, count = getattr(protocol, begin)()
        values = [read(protocol, element) for _ in range(count)]
        getattr(protocol, end)()
        return [NAMES[element], values]
    key, mapped, count = protocol.readMapBegin()
    entries = [[read(protocol, key), read(protocol, mapped)] for _ in range(count)]
    protocol.readMapEnd()
    return [NAMES.get(key), NAMES.get(mapped), entries]


def message(request):
    """A message with its envelope; the header transport frames it, too."""
    protocol_name = request["protocol"]
    if request.get("header"):
        inner = TMemoryBuffer()
        subprotocol = {"binary": THeaderSubprotocolID.BINARY, "compact": THeaderSubprotocolID.COMPACT}[protocol_name]
        transport = THeaderTransport(inner, [THeaderClientType.HEADERS])
        transport._protocol_id = subprotocol
        transport.set_header(b"trace", b"abc")
        if request.get("zlib"):
            transport.add_transform(1)
        transport.sequence_id = 7
    else:
        transport = inner = TMemoryBuffer()
    protocol = PROTOCOLS[protocol_name](transport)
    if protocol_name == "binary":
        protocol.strictWrite = not request.get("old")
    protocol.writeMessageBegin("S:ping", 1, 7)
    write(protocol, "struct", request["value"])
    protocol.writeMessageEnd()
    transport.flush()
    return {"b64": base64.b64encode(inner.getvalue()).decode()}


def unframe(request):
    """Reads a frame of the header transport, and the message in it."""
    transport = THeaderTransport(TMemoryBuffer(base64.b64decode(request["b64"])), [THeaderClientType.HEADERS])
    transport.readFrame(0)
    headers = {key.decode(): value.decode() for key, value in transport.get_headers().items()}
    protocol = PROTOCOLS[request["protocol"]](transport)
    name, kind, sequence = protocol.readMessageBegin()
    return {"name": name, "kind": kind, "sequence": sequence, "headers": headers, "value": read(protocol, TType.STRUCT)}


def answer(request):
    if request["do"] == "write":
        buffer = TMemoryBuffer()
        write(PROTOCOLS[request["protocol"]](buffer), "struct", request["value"])
        return {"b64": base64.b64encode(buffer.getvalue()).decode()}
    if request["do"] == "read":
        buffer = TMemoryBuffer(base64.b64decode(request["b64"]))
        return {"value": read(PROTOCOLS[request["protocol"]](buffer), TType.STRUCT)}
    if request["do"] == "message":
        return message(request)
    return unframe(request)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
