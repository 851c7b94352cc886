"""Three services for tests of sources: `services.py DIR`, which writes DIR/tickets.wsdl.

A knowledge base of JSON over HTTP from Python's own library, tickets over SOAP from spyne, and customers over Thrift
from Apache's library. Prints their ports and how often each was called as lines of JSON, and ends with its input.
"""

import json
import logging
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import ThreadingMixIn, TCPServer, BaseRequestHandler
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

try:
    import spyne
    import thrift
except ImportError:
    sys.exit(2)

from spyne import Application, Array, ComplexModel, DateTime, Decimal, Fault, Integer, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.Thrift import TMessageType, TType
from thrift.transport.TTransport import TFramedTransport, TTransportBase

logging.disable(logging.CRITICAL)
CALLS = {"http": 0, "soap": 0, "thrift": 0}
NAMESPACE = "urn:example:tickets"


def article(id):
    return {
        "id": id,
        "author": {"id": id % 10, "name": "O'Brien <\"&\u0000😀" if id == 1 else f"作者{id}"},
        "title": f"{{keys}} $where {id}",
        "tags": ["退款", id],
        "written": "2026-11-29T08:00:00Z",
        "price": "12.50",
    }


class Knowledge(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        CALLS["http"] += 1
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if url.path == "/calls":
            return self.say(200, CALLS)
        if url.path == "/by-author":
            ids = [int(id) for id in query["authorIds"][0].split(",")]
            return self.say(200, {"data": {"items": [article(id) for id in range(100) if id % 10 in ids]}})
        if url.path == "/by-id":
            return self.say(200, {id: article(int(id)) for id in query["ids"]})
        if url.path.startswith("/articles/"):
            id = url.path.rsplit("/", 1)[1]
            if not id.isdigit() or int(id) >= 100:
                return self.say(404, {"error": "no such article"})
            found = article(int(id))
            del found["id"]
            return self.say(200, found)
        if url.path == "/search":
            found = [article(id) for id in range(100) if query["q"][0] in article(id)["title"]]
            return self.say(200, found[: int(query.get("size", ["1000"])[0])])
        if url.path == "/hang":
            time.sleep(30)
        if url.path == "/busy":
            return self.say(503, {})
        if url.path == "/garbage":
            return self.say(200, [{"id": "no number"}])
        if url.path == "/much":
            # As long as somebody reads.
            self.send_response(200)
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(b"[")
            try:
                for _ in range(10_000_000):
                    self.wfile.write(b'{"id":1},' * 100)
            except OSError:
                return
        self.say(404, {})

    def do_POST(self):
        CALLS["http"] += 1
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/lookup":
            return self.say(200, [article(id) for id in body["filter"]["ids"]])
        if self.path == "/articles/7/rename":
            return self.say(200, {"article": {**article(7), "title": body["title"]}})
        self.say(404, {})


class Ticket(ComplexModel):
    __namespace__ = NAMESPACE
    _type_info = [
        ("id", Integer),
        ("userId", Integer),
        ("subject", Unicode),
        ("status", Unicode),
        ("amount", Decimal),
        ("created", DateTime),
    ]


SUBJECTS = {}


def ticket(id):
    subject = SUBJECTS.get(id, "O'Brien <\"&😀 ${x}" if id == 1 else f"工单{id}")
    return Ticket(id=id, userId=id % 10, subject=subject, status="OPEN", amount="1.50")


class Tickets(ServiceBase):
    @rpc(Array(Integer), _returns=Array(Ticket))
    def TicketsByUsers(ctx, userIds):
        CALLS["soap"] += 1
        return [ticket(id) for id in range(100) if id % 10 in userIds]

    @rpc(Integer, _returns=Ticket)
    def GetTicket(ctx, id):
        CALLS["soap"] += 1
        if id == 555:
            time.sleep(30)
        if id >= 100:
            raise Fault("Client.NoTicket", f"there is no ticket {id}, says 13800138000")
        return ticket(id)

    @rpc(Integer, Unicode, _returns=Ticket)
    def RenameTicket(ctx, id, subject):
        CALLS["soap"] += 1
        SUBJECTS[id] = subject
        return ticket(id)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Wire(TTransportBase):
    def __init__(self, file):
        self.file = file

    def isOpen(self):
        return True

    def read(self, size):
        data = self.file.recv(size)
        if not data:
            raise EOFError
        return data

    def write(self, data):
        self.file.sendall(data)

    def flush(self):
        pass


def write_customer(out, id):
    out.writeStructBegin("Customer")
    out.writeFieldBegin("id", TType.I64, 1)
    out.writeI64(id)
    out.writeFieldEnd()
    out.writeFieldBegin("name", TType.STRING, 2)
    out.writeString("O'Brien \u0000😀" if id == 1 else f"客户{id}")
    out.writeFieldEnd()
    out.writeFieldBegin("level", TType.I32, 3)
    out.writeI32(2 if id % 2 else 1)
    out.writeFieldEnd()
    out.writeFieldStop()
    out.writeStructEnd()


def serve_customers(name, arguments, out):
    """Writes the fields of the result."""
    if name == "byIds":
        out.writeFieldBegin("success", TType.LIST, 0)
        out.writeListBegin(TType.STRUCT, len(arguments))
        for id in arguments:
            write_customer(out, id)
        out.writeListEnd()
    elif arguments[0] >= 100:
        out.writeFieldBegin("missing", TType.STRUCT, 1)
        out.writeStructBegin("NoCustomer")
        out.writeFieldStop()
        out.writeStructEnd()
    else:
        if arguments[0] == 55:
            time.sleep(30)
        out.writeFieldBegin("success", TType.STRUCT, 0)
        write_customer(out, arguments[0])
    out.writeFieldEnd()
    out.writeFieldStop()


class Customers(BaseRequestHandler):
    def handle(self):
        protocol = TBinaryProtocol(TFramedTransport(Wire(self.request)))
        try:
            while True:
                name, _, sequence = protocol.readMessageBegin()
                CALLS["thrift"] += 1
                protocol.readStructBegin()
                arguments = []
                while (field := protocol.readFieldBegin())[1] != TType.STOP:
                    if field[1] == TType.LIST:
                        _, size = protocol.readListBegin()
                        arguments = [protocol.readI64() for _ in range(size)]
                        protocol.readListEnd()
                    else:
                        arguments = [protocol.readI64()]
                    protocol.readFieldEnd()
                protocol.readStructEnd()
                protocol.readMessageEnd()
                protocol.writeMessageBegin(name, TMessageType.REPLY, sequence)
                protocol.writeStructBegin("result")
                serve_customers(name, arguments, protocol)
                protocol.writeStructEnd()
                protocol.writeMessageEnd()
                protocol.trans.flush()
        except (EOFError, OSError):
            pass


class CustomerServer(ThreadingMixIn, TCPServer):
    daemon_threads = True
    allow_reuse_address = True


knowledge = ThreadingHTTPServer(("127.0.0.1", 0), Knowledge)
application = WsgiApplication(
    Application([Tickets], NAMESPACE, name="Tickets", in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
)
tickets = make_server("127.0.0.1", 0, application, server_class=Threads, handler_class=Quiet)
customers = CustomerServer(("127.0.0.1", 0), Customers)
for server in (knowledge, tickets, customers):
    threading.Thread(target=server.serve_forever, daemon=True).start()
application.doc.wsdl11.build_interface_document(f"http://127.0.0.1:{tickets.server_port}/")
with open(f"{sys.argv[1]}/tickets.wsdl", "wb") as file:
    file.write(application.doc.wsdl11.get_interface_document())
ports = {"http": knowledge.server_port, "soap": tickets.server_port, "thrift": customers.server_address[1]}
print(json.dumps(ports), flush=True)
sys.stdin.read()
