"""spyne, as the ticket system of fixtures/good/ticket-service: `ticket_server.py [PORT]`.

Serves SOAP 1.1 at PORT (or any) and SOAP 1.2 at another one, prints both as a line of JSON, and ends with its input. A
subject says what becomes of a call: `refuse` is refused, `slow` is done late.
"""

import datetime
import itertools
import json
import logging
import sys
import threading
import time
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

try:
    import spyne
except ImportError:
    sys.exit(2)

from spyne import Application, Array, Boolean, ComplexModel, DateTime, Fault, Integer, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

logging.disable(logging.CRITICAL)
NAMESPACE = "urn:example:tickets"
TICKETS = {}
NUMBERS = itertools.count(1)
LOCK = threading.Lock()


class Comment(ComplexModel):
    __namespace__ = NAMESPACE
    _type_info = [("author", Unicode), ("text", Unicode(min_occurs=1)), ("written", DateTime)]


class Ticket(ComplexModel):
    __namespace__ = NAMESPACE
    _type_info = [
        ("id", Unicode(min_occurs=1)),
        ("subject", Unicode(min_occurs=1)),
        ("description", Unicode),
        ("status", Unicode(min_occurs=1)),
        ("priority", Integer),
        ("owner", Unicode),
        ("created", DateTime),
        ("comments", Array(Comment)),
    ]


def find(id):
    with LOCK:
        if id not in TICKETS:
            raise Fault("Client.NoTicket", f"there is no ticket {id}")
        return TICKETS[id][1]


class Tickets(ServiceBase):
    @rpc(Unicode, _returns=Array(Ticket))
    def ListTickets(ctx, customer):
        if customer == "slow":
            time.sleep(3)
        with LOCK:
            return [ticket for owner, ticket in TICKETS.values() if owner == customer]

    @rpc(Unicode, _returns=Ticket)
    def GetTicket(ctx, id):
        return find(id)

    @rpc(Unicode, Unicode, Unicode, Integer, Unicode, Unicode, _returns=Unicode)
    def CreateTicket(ctx, customer, subject, description, priority, author, owner):
        if subject == "refuse":
            raise Fault("Client.Refused", "no tickets about this, says 13800138000")
        with LOCK:
            id = f"T-{next(NUMBERS)}"
            now = datetime.datetime(2027, 1, 2, 3, 4, 5)
            first = [Comment(author=author, text=description, written=now)] if description else []
            TICKETS[id] = customer, Ticket(
                id=id, subject=subject, status="OPEN", priority=priority, owner=owner, created=now, comments=first
            )
        if subject == "slow":
            time.sleep(3)
        return id

    @rpc(Unicode, Unicode, Integer, Unicode)
    def UpdateTicket(ctx, id, status, priority, owner):
        ticket = find(id)
        ticket.status = status or ticket.status
        ticket.priority = priority or ticket.priority
        ticket.owner = owner or ticket.owner

    @rpc(Unicode, Unicode, Unicode, Boolean)
    def AddComment(ctx, id, author, text, internal):
        find(id).comments.append(Comment(author=author, text=text))


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    allow_reuse_address = True


ports = {}
for version, protocol in (("1.1", Soap11), ("1.2", Soap12)):
    application = Application(
        [Tickets], NAMESPACE, name="Tickets", in_protocol=protocol(validator="lxml"), out_protocol=protocol()
    )
    port = int(sys.argv[1]) if len(sys.argv) > 1 and version == "1.1" else 0
    server = make_server(
        "127.0.0.1", port, WsgiApplication(application), server_class=Threads, handler_class=Quiet
    )
    ports[version] = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps(ports), flush=True)
sys.stdin.read()
