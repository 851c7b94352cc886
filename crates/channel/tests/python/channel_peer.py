"""zeep and thriftpy2 as the systems behind channels: one request of JSON a line, one answer a line.

The arguments are the description of SOAP and the interface file of Thrift.
"""

import base64
import json
import sys

import thriftpy2
from lxml import etree
from thriftpy2.protocol import TBinaryProtocolFactory, TCompactProtocolFactory
from thriftpy2.thrift import TClient, TProcessor
from thriftpy2.transport import TMemoryBuffer
from zeep import Client

SOAP = Client(sys.argv[1])
THRIFT = thriftpy2.load(sys.argv[2], module_name="system_thrift")
FACTORIES = {"binary": TBinaryProtocolFactory(), "compact": TCompactProtocolFactory()}


class Reply:
    """What zeep takes for an answer over HTTP."""

    status_code, encoding = 200, "utf-8"
    headers = {"Content-Type": "text/xml; charset=utf-8"}

    def __init__(self, body):
        self.content = body.encode()


class Handler:
    """The chat server, which kefu calls."""

    def say(self, room, text, reference):
        if text == "flood":
            raise THRIFT.Refused(why="too much", again=True)
        return room * 1000 + len(text)


def soap(request):
    if "create" in request:
        headers = {"token": request["token"]}
        message = SOAP.create_message(SOAP.service, request["create"], _soapheaders=headers, **request["arguments"])
        return {"body": etree.tostring(message, encoding="unicode")}
    operation = SOAP.service._binding.get(request["parse"])
    return {"value": SOAP.service._binding.process_reply(SOAP, operation, Reply(request["body"]))}


def thrift(request):
    factory = FACTORIES[request["protocol"]]
    given = TMemoryBuffer(base64.b64decode(request.get("b64", "")))
    out = TMemoryBuffer()
    if request["do"] == "call":
        lines = [THRIFT.Line(**line) for line in request["lines"]]
        TClient(THRIFT.Inbox, factory.get_protocol(out))._send("lines", lines=lines)
    elif request["do"] == "read":
        return {"value": TClient(THRIFT.Inbox, factory.get_protocol(given))._recv("lines")}
    else:
        TProcessor(THRIFT.Inbox, Handler()).process(factory.get_protocol(given), factory.get_protocol(out))
    return {"b64": base64.b64encode(out.getvalue()).decode()}


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(soap(asked) if asked["system"] == "soap" else thrift(asked)), flush=True)
