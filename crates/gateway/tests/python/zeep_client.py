"""zeep, as a client of a bridge: `zeep_client.py WSDL-ADDRESS`; prints a line for each port that is in order."""

import sys

import zeep
from zeep.exceptions import Fault

client = zeep.Client(sys.argv[1])
for port in ("Tickets11", "Tickets12"):
    service = client.bind("Tickets", port)
    ticket = service.GetTicket(id=7)
    assert (ticket.id, ticket.subject, ticket.priority, ticket.tag) == (7, "打印机 <&>", "high", ["a", "b"]), ticket
    assert service.CreateTicket(ticket={"subject": "new", "tag": []}) == 4711
    assert service.Comment(id=7, text=["a", "b <&>"]) is None
    try:
        service.GetTicket(id=404)
        raise AssertionError("there is no fault")
    except Fault as fault:
        assert fault.code.split(":")[-1] in ("Client", "Sender"), fault.code
        [detail] = fault.detail
        assert detail.tag == "{urn:example:tickets}NoTicket", detail.tag
        assert [part.text for part in detail] == ["404"]
    try:
        service.GetTicket(id=500)
        raise AssertionError("there is no fault")
    except Fault as fault:
        assert fault.code.split(":")[-1] in ("Server", "Receiver"), fault.code
    print(port, "ok")
