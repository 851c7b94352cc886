import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import javax.jws.WebMethod;
import javax.jws.WebParam;
import javax.jws.WebResult;
import javax.jws.WebService;
import javax.xml.bind.annotation.XmlAccessType;
import javax.xml.bind.annotation.XmlAccessorType;
import javax.xml.bind.annotation.XmlElement;
import javax.xml.bind.annotation.XmlRootElement;
import javax.xml.namespace.QName;
import javax.xml.ws.BindingType;
import javax.xml.ws.Endpoint;
import javax.xml.ws.RequestWrapper;
import javax.xml.ws.ResponseWrapper;
import javax.xml.ws.Service;
import javax.xml.ws.WebFault;
import javax.xml.ws.soap.SOAPBinding;

/** A desk by JAX-WS: `serve` offers it over both versions of SOAP, `call VERSION WSDL` calls one. */
public class Desk {
    static final String NAMESPACE = "urn:java-desk";

    public static class Line {
        public String name;
        public int count;
    }

    public static class Ticket {
        public long id;
        public String subject;
        public BigDecimal price;
        public boolean urgent;
        public List<Line> lines = new ArrayList<>();
        public byte[] data;
    }

    public static class Missing {
        public long id;
    }

    // The library could make these four at run time, if Debian's had the means for it.

    @XmlRootElement(name = "echo", namespace = NAMESPACE)
    @XmlAccessorType(XmlAccessType.FIELD)
    public static class Echo {
        @XmlElement public Ticket ticket;
    }

    @XmlRootElement(name = "echoResponse", namespace = NAMESPACE)
    @XmlAccessorType(XmlAccessType.FIELD)
    public static class EchoResponse {
        @XmlElement public Ticket ticket;
    }

    @XmlRootElement(name = "find", namespace = NAMESPACE)
    @XmlAccessorType(XmlAccessType.FIELD)
    public static class Find {
        @XmlElement public long id;
    }

    @XmlRootElement(name = "findResponse", namespace = NAMESPACE)
    @XmlAccessorType(XmlAccessType.FIELD)
    public static class FindResponse {
        @XmlElement public Ticket ticket;
    }

    @WebFault(name = "NoTicket", targetNamespace = NAMESPACE)
    public static class NoTicket extends Exception {
        private final Missing missing;

        public NoTicket(String message, Missing missing) {
            super(message);
            this.missing = missing;
        }

        public Missing getFaultInfo() {
            return missing;
        }
    }

    @WebService(name = "DeskPort", targetNamespace = NAMESPACE)
    public interface Port {
        @WebMethod
        @RequestWrapper(localName = "echo", targetNamespace = NAMESPACE, className = "Desk$Echo")
        @ResponseWrapper(localName = "echoResponse", targetNamespace = NAMESPACE, className = "Desk$EchoResponse")
        @WebResult(name = "ticket")
        Ticket echo(@WebParam(name = "ticket") Ticket ticket);

        @WebMethod
        @RequestWrapper(localName = "find", targetNamespace = NAMESPACE, className = "Desk$Find")
        @ResponseWrapper(localName = "findResponse", targetNamespace = NAMESPACE, className = "Desk$FindResponse")
        @WebResult(name = "ticket")
        Ticket find(@WebParam(name = "id") long id) throws NoTicket;
    }

    static Ticket found(long id) throws NoTicket {
        if (id < 0) {
            Missing missing = new Missing();
            missing.id = id;
            throw new NoTicket("there is no ticket " + id, missing);
        }
        Ticket ticket = new Ticket();
        ticket.id = id;
        ticket.subject = "打印机 <&>";
        ticket.price = new BigDecimal("10.50");
        ticket.urgent = true;
        for (int count = 1; count <= 2; count++) {
            Line line = new Line();
            line.name = "x" + count;
            line.count = count;
            ticket.lines.add(line);
        }
        ticket.data = new byte[] {-1, -17};
        return ticket;
    }

    @WebService(
            endpointInterface = "Desk$Port",
            serviceName = "Desk",
            portName = "Desk11",
            targetNamespace = NAMESPACE)
    public static class Desk11 implements Port {
        public Ticket echo(Ticket ticket) {
            return ticket;
        }

        public Ticket find(long id) throws NoTicket {
            return found(id);
        }
    }

    @WebService(
            endpointInterface = "Desk$Port",
            serviceName = "Desk",
            portName = "Desk12",
            targetNamespace = NAMESPACE)
    @BindingType(SOAPBinding.SOAP12HTTP_BINDING)
    public static class Desk12 extends Desk11 {}

    static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress("127.0.0.1", 0));
            return socket.getLocalPort();
        }
    }

    static void serve() throws Exception {
        int port = freePort();
        Endpoint.publish("http://127.0.0.1:" + port + "/desk11", new Desk11());
        // Another one: the small server that comes with Java has a listener for each.
        int other = freePort();
        Endpoint.publish("http://127.0.0.1:" + other + "/desk12", new Desk12());
        System.out.println("{\"1.1\":" + port + ",\"1.2\":" + other + "}");
        System.out.flush();
        // Until whoever started it is gone.
        while (System.in.read() >= 0) {}
        System.exit(0);
    }

    static void must(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }

    static void call(String version, String wsdl) throws Exception {
        Service service = Service.create(new URL(wsdl), new QName(NAMESPACE, "Desk"));
        String name = version.equals("1.1") ? "Desk11" : "Desk12";
        Port port = service.getPort(new QName(NAMESPACE, name), Port.class);
        Ticket ticket = port.find(9007199254740993L);
        must(ticket.id == 9007199254740993L && ticket.subject.equals("打印机 <&>"), "the ticket");
        must(ticket.price.equals(new BigDecimal("10.50")) && ticket.urgent, "its price");
        must(ticket.lines.size() == 2 && ticket.lines.get(1).name.equals("x2"), "its lines");
        must(ticket.data.length == 2 && ticket.data[0] == -1, "its data");
        Ticket echoed = port.echo(ticket);
        must(echoed.lines.get(1).count == 2 && echoed.price.equals(ticket.price), "the echo");
        try {
            port.find(-7);
            must(false, "a fault");
        } catch (NoTicket fault) {
            must(fault.getFaultInfo().id == -7 && fault.getMessage().contains("no ticket -7"), "its detail");
        }
        System.out.println(version + " ok");
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("serve")) serve();
        else call(arguments[1], arguments[2]);
    }
}
