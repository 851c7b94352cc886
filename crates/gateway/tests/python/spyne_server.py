"""spyne, as a server behind a bridge: `spyne_server.py FOLDER`.

Writes the descriptions that spyne makes into the folder, as 1.1.wsdl and 1.2.wsdl, serves both versions, and prints the
ports as a line of JSON. A call without a name, a digest and a nonce of WS-Security is refused.
"""

import json
import logging
import sys
import threading
import types
from wsgiref.simple_server import WSGIRequestHandler, make_server

try:
    import spyne
except ImportError:
    sys.exit(2)

from spyne import Application, ComplexModel, Decimal, Fault, Iterable, Long, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

logging.disable(logging.CRITICAL)
NAMESPACE = "urn:spyne:tickets"


class Ticket(ComplexModel):
    __namespace__ = NAMESPACE
    _type_info = [
        ("id", Long(min_occurs=0)),
        ("subject", Unicode(min_occurs=1)),
        ("tags", spyne.Array(Unicode)),
        ("price", Decimal(min_occurs=0)),
    ]


class Tickets(ServiceBase):
    @rpc(Long, _returns=Ticket)
    def get_ticket(ctx, id):
        if id == 404:
            raise Fault("Client.NoTicket", f"there is no ticket {id}")
        return Ticket(id=id, subject="打印机 <&>", tags=["a", "b"], price="1.50")

    @rpc(Ticket, _returns=Long)
    def create_ticket(ctx, ticket):
        assert (ticket.subject, list(ticket.tags)) == ("打印机 <&>", ["a", "b"]), ticket
        return ticket.id


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def guarded(application):
    """Looks for WS-Security in the request, which spyne itself passes over."""

    def call(environment, start):
        if environment["REQUEST_METHOD"] == "POST":
            body = environment["wsgi.input"].read(int(environment["CONTENT_LENGTH"]))
            for part in (b">shop</wsse:Username>", b"#PasswordDigest", b"<wsse:Nonce", b"<wsu:Expires>"):
                if part not in body:
                    start("401 Unauthorized", [])
                    return [b"who are you?"]
            assert b"geheim" not in body
            import io

            environment["wsgi.input"] = io.BytesIO(body)
        return application(environment, start)

    return call


ports = {}
for version, protocol in (("1.1", Soap11), ("1.2", Soap12)):
    application = Application(
        [Tickets], NAMESPACE, name="Tickets", in_protocol=protocol(validator="lxml"), out_protocol=protocol()
    )
    wsgi = WsgiApplication(application)
    server = make_server("127.0.0.1", 0, guarded(wsgi), handler_class=Quiet)
    address = f"http://127.0.0.1:{server.server_port}/"
    wsgi.doc.wsdl11.build_interface_document(address)
    with open(f"{sys.argv[1]}/{version}.wsdl", "wb") as file:
        file.write(wsgi.doc.wsdl11.get_interface_document())
    ports[version] = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps(ports), flush=True)
sys.stdin.read()
