"""OldChat, the made-up system of docs/channels.md, with Apache's library for Python (PyPI `thrift`).

Prints where its service Outbox listens, {"http": PORT, "tcp": PORT}: the compact protocol over HTTP, and the binary one in
frames. Each line of JSON that it reads is something that customers write, {"to": URL or "HOST:PORT", "secret": …,
"lines": […]}, which it tells by calling Inbox.lines; it prints {"taken": N} or {"failed": …}. Each call of Outbox.say that
comes is printed as {"said": {…}}. It refuses "flood" once, and "closed" for good.
"""

import json
import sys
import threading

from thrift.Thrift import TMessageType, TType
from thrift.protocol.TBinaryProtocol import TBinaryProtocol, TBinaryProtocolFactory
from thrift.protocol.TBase import TBase
from thrift.protocol.TCompactProtocol import TCompactProtocolFactory
from thrift.server import THttpServer, TServer
from thrift.transport import THttpClient, TSocket, TTransport


def structure(name, fields):
    spec = [None] * (max([number for number, *_ in fields], default=0) + 1)
    for number, kind, field, more in fields:
        spec[number] = (number, kind, field, more, None)

    def init(self, **values):
        for _, _, field, _ in fields:
            setattr(self, field, values.get(field))

    return type(name, (TBase,), {"__init__": init, "thrift_spec": tuple(spec)})


Line = structure(
    "Line",
    [
        (1, TType.I64, "id", None),
        (2, TType.I64, "room", None),
        (3, TType.I64, "user", None),
        (4, TType.STRING, "nick", "UTF8"),
        (5, TType.I32, "kind", None),
        (6, TType.STRING, "text", "UTF8"),
        (7, TType.STRING, "address", "UTF8"),
        (8, TType.I64, "at_seconds", None),
    ],
)
Refused = structure("Refused", [(1, TType.STRING, "why", "UTF8"), (2, TType.BOOL, "again", None)])
SayArguments = structure(
    "say_args",
    [(1, TType.I64, "room", None), (2, TType.STRING, "text", "UTF8"), (3, TType.STRING, "reference", "UTF8")],
)
SayResult = structure(
    "say_result", [(0, TType.I64, "success", None), (1, TType.STRUCT, "refused", [Refused, Refused.thrift_spec])]
)
LinesArguments = structure(
    "lines_args", [(1, TType.LIST, "lines", (TType.STRUCT, [Line, Line.thrift_spec], False))]
)
LinesResult = structure("lines_result", [(0, TType.I32, "success", None)])

printing = threading.Lock()
# What the header of the last request over HTTP said.
seen = {"secret": None}
said = []


def tell(value):
    with printing:
        print(json.dumps(value), flush=True)


class Outbox:
    def process(self, source, target):
        name, kind, sequence = source.readMessageBegin()
        assert (name, kind) == ("say", TMessageType.CALL), (name, kind)
        arguments = SayArguments()
        arguments.read(source)
        source.readMessageEnd()
        text = arguments.text
        is_flood = text == "flood" and text not in said
        said.append(text)
        tell({"said": {"room": arguments.room, "text": text, "reference": arguments.reference, **seen}})
        if is_flood or text == "closed":
            result = SayResult(refused=Refused(why="too much" if is_flood else "the room is closed", again=is_flood))
        else:
            result = SayResult(success=5000 + len(said))
        target.writeMessageBegin(name, TMessageType.REPLY, sequence)
        result.write(target)
        target.writeMessageEnd()
        target.trans.flush()

    def on_message_begin(self, function):
        pass


class Listening(TSocket.TServerSocket):
    """Listens from the beginning, so that its port is known."""

    def __init__(self):
        super().__init__("127.0.0.1", 0)
        super().listen()

    def listen(self):
        pass


def serve():
    http = THttpServer.THttpServer(Outbox(), ("127.0.0.1", 0), TCompactProtocolFactory())
    handler = http.httpd.RequestHandlerClass
    handler.log_message = lambda *_: None
    post = handler.do_POST

    def with_secret(self):
        seen["secret"] = self.headers["x-chat-secret"]
        post(self)

    handler.do_POST = with_secret
    socket = Listening()
    frames, protocol = TTransport.TFramedTransportFactory(), TBinaryProtocolFactory()
    tcp = TServer.TThreadedServer(Outbox(), socket, frames, protocol, daemon=True)
    for server in (http, tcp):
        threading.Thread(target=server.serve, daemon=True).start()
    tell({"http": http.httpd.server_address[1], "tcp": socket.handle.getsockname()[1]})


def call(to, secret, lines):
    if to.startswith("http"):
        transport = THttpClient.THttpClient(to)
        transport.setCustomHeaders({"x-chat-secret": secret})
    else:
        host, port = to.split(":")
        transport = TTransport.TFramedTransport(TSocket.TSocket(host, int(port)))
    protocol = TBinaryProtocol(transport)
    try:
        transport.open()
        protocol.writeMessageBegin("lines", TMessageType.CALL, 7)
        LinesArguments(lines=[Line(**line) for line in lines]).write(protocol)
        protocol.writeMessageEnd()
        transport.flush()
        name, kind, sequence = protocol.readMessageBegin()
        assert (name, kind, sequence) == ("lines", TMessageType.REPLY, 7), (name, kind, sequence)
        result = LinesResult()
        result.read(protocol)
        tell({"taken": result.success})
    except Exception as error:
        tell({"failed": getattr(transport, "code", None) or str(error)})
    finally:
        transport.close()


if __name__ == "__main__":
    serve()
    for line in sys.stdin:
        call(**json.loads(line))
