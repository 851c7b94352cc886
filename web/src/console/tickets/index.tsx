import '../customers/customers.css';
import { route } from '../router';
import { TicketList } from './ticket-list';
import { TicketView } from './ticket-view';
import './tickets.css';

/** `#/tickets` is the list, with its filter in the query; `#/tickets/{id}` is one of them. */
export default function TicketsPage() {
  const [id] = route.value.path;
  return id ? <TicketView key={id} id={id} /> : <TicketList />;
}
