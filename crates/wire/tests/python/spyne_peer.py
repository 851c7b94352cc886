"""A service of spyne behind a pipe: one request of JSON a line, one answer a line."""

import json
import logging
import sys

from spyne import Application, ComplexModel, Fault, ServiceBase, rpc
from spyne import Boolean, ByteArray, DateTime, Decimal, Double, Integer, Iterable, Array, Long, Unicode
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

logging.disable(logging.CRITICAL)


class Line(ComplexModel):
    __namespace__ = "urn:spyne"
    name = Unicode
    count = Integer


class Order(ComplexModel):
    __namespace__ = "urn:spyne"
    number = Long
    title = Unicode
    price = Decimal
    paid = Boolean
    made = DateTime
    data = ByteArray
    ratio = Double
    lines = Array(Line)


class Service(ServiceBase):
    @rpc(Order, _returns=Order)
    def echo(ctx, order):
        return order

    @rpc(Integer, _returns=Iterable(Integer))
    def numbers(ctx, count):
        return range(count)

    @rpc(_returns=Unicode)
    def fail(ctx):
        raise Fault("Client", "no <way>")


def application(protocol):
    return WsgiApplication(
        Application([Service], "urn:spyne", in_protocol=protocol(), out_protocol=protocol(), name="Orders")
    )


APPLICATIONS = {"1.1": application(Soap11), "1.2": application(Soap12)}


def call(app, method, query, body):
    import io

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/",
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "text/xml; charset=utf-8",
    }
    return b"".join(app(environ, lambda *_: None)).decode()


for line in sys.stdin:
    request = json.loads(line)
    if "wsdl" in request:
        answer = {"wsdl": call(APPLICATIONS[request["wsdl"]], "GET", "wsdl", b"")}
    else:
        answer = {"body": call(APPLICATIONS[request["call"]], "POST", "", request["body"].encode())}
    print(json.dumps(answer), flush=True)
