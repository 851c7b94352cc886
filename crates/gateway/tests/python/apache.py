"""Apache's library for Python (PyPI `thrift`) without generated code: the test service as tables of its types.

    apache.py serve             serves every way on ports of its own and prints them as a line of JSON
    apache.py call WAYS         calls each way of a JSON object {way: [host, port, path]}; prints a line for each

A way is a protocol and a transport: `binary-framed`. Nothing here knows kefu or its interface file.
"""

import json
import sys
import threading
import uuid

from thrift.Thrift import TApplicationException, TException, TMessageType, TType
from thrift.TMultiplexedProcessor import TMultiplexedProcessor
from thrift.protocol import TBinaryProtocol, TCompactProtocol, THeaderProtocol, TJSONProtocol
from thrift.protocol.TBase import TBase
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.server import THttpServer, TServer
from thrift.transport import THeaderTransport, THttpClient, TSocket, TTransport

# ── types ──────────────────────────────────────────────────────────────────────────────────────────────────────

SIMPLE = {
    "bool": (TType.BOOL, None),
    "i8": (TType.BYTE, None),
    "i16": (TType.I16, None),
    "i32": (TType.I32, None),
    "i64": (TType.I64, None),
    "double": (TType.DOUBLE, None),
    "string": (TType.STRING, "UTF8"),
    "binary": (TType.STRING, "BINARY"),
    "uuid": (getattr(TType, "UUID", 16), None),
}


def described(ty):
    if isinstance(ty, str):
        return SIMPLE[ty]
    if isinstance(ty, type):
        return TType.STRUCT, [ty, ty.thrift_spec]
    kind, *inner = ty
    inner = [described(one) for one in inner]
    if kind == "map":
        return TType.MAP, (*inner[0], *inner[1], False)
    return (TType.LIST if kind == "list" else TType.SET), (*inner[0], False)


def structure(name, fields, base=TBase):
    spec = [None] * (max([number for number, _, _ in fields], default=0) + 1)
    for number, field, ty in fields:
        kind, more = described(ty)
        spec[number] = (number, kind, field, more, None)
    names = [field for _, field, _ in fields]

    def init(self, *values, **named):
        for field in names:
            object.__setattr__(self, field, None)
        for field, value in [*zip(names, values), *named.items()]:
            object.__setattr__(self, field, value)

    def same(self, other):
        return type(self) is type(other) and all(getattr(self, f) == getattr(other, f) for f in names)

    def shown(self):
        return f"{name}({', '.join(f'{f}={getattr(self, f)!r}' for f in names)})"

    members = {"__init__": init, "__eq__": same, "__hash__": lambda self: hash(shown(self)), "__repr__": shown}
    return type(name, (base,), {**members, "thrift_spec": tuple(spec), "__slots__": tuple(names)})


def exception(name, fields):
    """As the compiler makes them: an exception that is read from and written to a protocol."""
    made = structure(name, fields)
    inherited = dict(made.__dict__)
    members = {key: inherited[key] for key in ("__init__", "__eq__", "__hash__", "__repr__", "thrift_spec")}
    return type(name, (TBase, TException), members)


Xtruct = structure(
    "Xtruct", [(1, "string_thing", "string"), (4, "byte_thing", "i8"), (9, "i32_thing", "i32"), (11, "i64_thing", "i64")]
)
Xtruct2 = structure("Xtruct2", [(1, "byte_thing", "i8"), (2, "struct_thing", Xtruct), (3, "i32_thing", "i32")])
Insanity = structure("Insanity", [(1, "userMap", ("map", "i32", "i64")), (2, "xtructs", ("list", Xtruct))])
Xception = exception("Xception", [(1, "errorCode", "i32"), (2, "message", "string")])
Xception2 = exception("Xception2", [(1, "errorCode", "i32"), (2, "struct_thing", Xtruct)])


class Function:
    def __init__(self, name, returns, arguments, throws=(), oneway=False):
        self.name, self.oneway, self.throws = name, oneway, throws
        self.arguments = structure(f"{name}_args", arguments)
        success = [(0, "success", returns)] if returns else []
        self.result = structure(f"{name}_result", success + list(throws))
        self.returns = returns


def thing(name, ty):
    return Function(name, ty, [(1, "thing", ty)])


FUNCTIONS = [
    Function("testVoid", None, []),
    thing("testString", "string"),
    thing("testBool", "bool"),
    thing("testByte", "i8"),
    thing("testI32", "i32"),
    thing("testI64", "i64"),
    thing("testDouble", "double"),
    thing("testBinary", "binary"),
    thing("testUuid", "uuid"),
    thing("testStruct", Xtruct),
    thing("testNest", Xtruct2),
    thing("testMap", ("map", "i32", "i32")),
    thing("testStringMap", ("map", "string", "string")),
    thing("testSet", ("set", "i32")),
    thing("testList", ("list", "i32")),
    thing("testEnum", "i32"),
    thing("testTypedef", "i64"),
    Function("testMapMap", ("map", "i32", ("map", "i32", "i32")), [(1, "hello", "i32")]),
    Function("testInsanity", ("map", "i64", ("map", "i32", Insanity)), [(1, "argument", Insanity)]),
    Function(
        "testMulti",
        Xtruct,
        [
            (1, "arg0", "i8"),
            (2, "arg1", "i32"),
            (3, "arg2", "i64"),
            (4, "arg3", ("map", "i16", "string")),
            (5, "arg4", "i32"),
            (6, "arg5", "i64"),
        ],
    ),
    Function("testException", None, [(1, "arg", "string")], [(1, "err1", Xception)]),
    Function(
        "testMultiException",
        Xtruct,
        [(1, "arg0", "string"), (2, "arg1", "string")],
        [(1, "err1", Xception), (2, "err2", Xception2)],
    ),
    Function("testOneway", None, [(1, "secondsToSleep", "i32")], oneway=True),
]
BY_NAME = {function.name: function for function in FUNCTIONS}

# ── server ─────────────────────────────────────────────────────────────────────────────────────────────────────


def handle(name, arguments):
    values = [getattr(arguments, field[2]) for field in arguments.thrift_spec if field]
    if name in ("testVoid", "testOneway"):
        return None
    if name == "testMapMap":
        return {sign: {sign * number: sign * number for number in range(1, 5)} for sign in (-1, 1)}
    if name == "testInsanity":
        return {1: {2: values[0], 3: values[0]}, 2: {6: Insanity({}, [])}}
    if name == "testMulti":
        return Xtruct("Hello2", values[0], values[1], values[2])
    if name in ("testException", "testMultiException"):
        if values[0] == "Xception":
            raise Xception(1001, values[0])
        if values[0] == "Xception2":
            raise Xception2(2002, Xtruct("This is an Xception2", 0, 0, 0))
        if values[0] == "TException":
            raise TException("not declared")
        return Xtruct(values[1], 0, 0, 0) if name == "testMultiException" else None
    return values[0]


class Processor:
    def process(self, source, target):
        name, kind, sequence = source.readMessageBegin()
        function = BY_NAME[name]
        arguments = function.arguments()
        arguments.read(source)
        source.readMessageEnd()
        assert kind == (TMessageType.ONEWAY if function.oneway else TMessageType.CALL), kind
        kind, result = TMessageType.REPLY, function.result()
        try:
            returned = handle(name, arguments)
            if function.returns:
                result.success = returned
        except (Xception, Xception2) as thrown:
            [field] = [field for _, field, ty in function.throws if type(thrown) is ty]
            setattr(result, field, thrown)
        except TException:
            kind = TMessageType.EXCEPTION
            result = TApplicationException(TApplicationException.INTERNAL_ERROR, "Internal error")
        if not function.oneway:
            target.writeMessageBegin(name, kind, sequence)
            result.write(target)
            target.writeMessageEnd()
            target.trans.flush()

    def on_message_begin(self, function):
        pass


HEADER_TYPES = [THeaderTransport.THeaderClientType.HEADERS]
PROTOCOLS = {
    "binary": TBinaryProtocol.TBinaryProtocolFactory(),
    "accel": TBinaryProtocol.TBinaryProtocolAcceleratedFactory(),
    "compact": TCompactProtocol.TCompactProtocolFactory(),
    "accelc": TCompactProtocol.TCompactProtocolAcceleratedFactory(),
    "json": TJSONProtocol.TJSONProtocolFactory(),
    "header": THeaderProtocol.THeaderProtocolFactory(
        allowed_client_types=HEADER_TYPES, default_protocol=THeaderTransport.THeaderSubprotocolID.BINARY
    ),
    "headerc": THeaderProtocol.THeaderProtocolFactory(
        allowed_client_types=HEADER_TYPES, default_protocol=THeaderTransport.THeaderSubprotocolID.COMPACT
    ),
}
for plain in ("binary", "compact", "json"):
    PROTOCOLS["multi-" + plain] = PROTOCOLS[plain]

WAYS = [
    f"{protocol}-{transport}"
    for protocol in PROTOCOLS
    for transport in ("buffered", "framed", "http")
    # A header is a transport of its own.
    if not protocol.startswith("header") or transport == "buffered"
]


class Listening(TSocket.TServerSocket):
    """Listens from the beginning, so that its port is known."""

    def __init__(self):
        super().__init__("127.0.0.1", 0)
        super().listen()

    def listen(self):
        pass


def serve():
    ports = {}
    for way in WAYS:
        protocol, transport = way.rsplit("-", 1)
        processor, factory = Processor(), PROTOCOLS[protocol]
        if protocol.startswith("multi"):
            multiplexed = TMultiplexedProcessor()
            multiplexed.registerProcessor("ThriftTest", processor)
            processor = multiplexed
        if transport == "http":
            server = THttpServer.THttpServer(processor, ("127.0.0.1", 0), factory)
            server.httpd.RequestHandlerClass.log_message = lambda *_: None
            ports[way] = server.httpd.server_address[1]
        else:
            socket = Listening()
            ports[way] = socket.handle.getsockname()[1]
            outer = TTransport.TFramedTransportFactory() if transport == "framed" else TTransport.TBufferedTransportFactory()
            if protocol.startswith("header"):
                outer = TTransport.TTransportFactoryBase()
            server = TServer.TThreadedServer(processor, socket, outer, factory, daemon=True)
        threading.Thread(target=server.serve, daemon=True).start()
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


# ── client ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Client:
    def __init__(self, way, host, port, path):
        protocol, transport = way.rsplit("-", 1)
        if transport == "http":
            self.transport = THttpClient.THttpClient(f"http://{host}:{port}{path}")
        else:
            socket = TSocket.TSocket(host, port)
            socket.setTimeout(20_000)
            self.transport = socket
            if not protocol.startswith("header"):
                self.transport = (
                    TTransport.TFramedTransport(socket) if transport == "framed" else TTransport.TBufferedTransport(socket)
                )
        self.protocol = PROTOCOLS[protocol].getProtocol(self.transport)
        self.source = self.target = self.protocol
        if protocol.startswith("multi"):
            self.target = TMultiplexedProtocol(self.protocol, "ThriftTest")
        self.transport.open()
        self.sequence = 0

    def call(self, name, *values):
        function = BY_NAME[name]
        self.sequence += 7
        kind = TMessageType.ONEWAY if function.oneway else TMessageType.CALL
        self.target.writeMessageBegin(name, kind, self.sequence)
        function.arguments(*values).write(self.target)
        self.target.writeMessageEnd()
        self.target.trans.flush()
        if function.oneway:
            return None
        got, kind, sequence = self.source.readMessageBegin()
        if kind == TMessageType.EXCEPTION:
            failure = TApplicationException()
            failure.read(self.source)
            self.source.readMessageEnd()
            raise failure
        assert (got, sequence) == (name, self.sequence), (got, sequence, self.sequence)
        result = function.result()
        result.read(self.source)
        self.source.readMessageEnd()
        for _, field, _ in function.throws:
            if getattr(result, field) is not None:
                raise getattr(result, field)
        return getattr(result, "success", None)


def thrown(call, *values):
    try:
        return call(*values)
    except TException as error:
        return error


def check(client):
    text = "Quizás 客服 😀 \\ \" / \b\n\t\r" + "x" * 300
    echoes = {
        "testString": ["", text],
        "testBool": [True, False],
        "testByte": [-128, 0, 127],
        "testI32": [-(2**31), -1, 2**31 - 1],
        "testI64": [-(2**63), 2**53 + 1, 2**63 - 1],
        "testDouble": [-0.0, 3.14159265358979, 1e308, -1e-300],
        "testBinary": [b"", bytes(range(256))],
        "testUuid": [uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")],
        "testStruct": [Xtruct("Zero", 1, -3, -5), Xtruct(text, -128, 2**31 - 1, -(2**63))],
        "testNest": [Xtruct2(1, Xtruct("Zero", 1, -3, -5), 5)],
        "testMap": [{}, {number: number * 7 for number in range(-50, 50)}],
        "testStringMap": [{"a": "2", "b": "blah", "some": "thing", text: ""}],
        "testSet": [set(), {8, 1, -42}],
        "testList": [[], [1, 4, 9, -42]],
        "testEnum": [1, 5, 8],
        "testTypedef": [0xFFFFFFFFFFFFFF],
    }
    count = 0
    for name, values in echoes.items():
        for value in values:
            got = client.call(name, value)
            assert got == value and type(got) is type(value), (name, value, got)
            count += 1
    assert client.call("testVoid") is None
    expected = {-1: {-n: -n for n in range(1, 5)}, 1: {n: n for n in range(1, 5)}}
    assert client.call("testMapMap", 1) == expected
    crazy = Insanity({1: 1, 8: 8}, [Xtruct("Goodbye4", 4, 4, 4), Xtruct("Hello2", 2, 2, 2)])
    assert client.call("testInsanity", crazy) == {1: {2: crazy, 3: crazy}, 2: {6: Insanity({}, [])}}
    got = client.call("testMulti", 74, 0xFF00FF, 0xFFFFFFFFD0D0, {0: "abc", -1: "d"}, 5, 0xF0F0F0)
    assert got == Xtruct("Hello2", 74, 0xFF00FF, 0xFFFFFFFFD0D0), got
    assert client.call("testException", "Safe") is None
    got = thrown(client.call, "testException", "Xception")
    assert got == Xception(1001, "Xception"), got
    got = thrown(client.call, "testException", "TException")
    assert isinstance(got, TApplicationException), got
    assert got.type == TApplicationException.INTERNAL_ERROR, got.type
    assert client.call("testMultiException", "success", "foobar") == Xtruct("foobar", 0, 0, 0)
    got = thrown(client.call, "testMultiException", "Xception", "x")
    assert got == Xception(1001, "Xception"), got
    got = thrown(client.call, "testMultiException", "Xception2", "x")
    assert got == Xception2(2002, Xtruct("This is an Xception2", 0, 0, 0)), got
    client.call("testOneway", 0)
    # The connection is in order after all of it.
    assert client.call("testString", "last") == "last"
    return count + 11


def call(ways):
    for way, (host, port, path) in ways.items():
        print(way, check(Client(way, host, port, path)), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        call(json.loads(sys.argv[2]))
