import { route } from '../router';
import { CustomerList } from './customer-list';
import './customers.css';
import { Profile } from './profile';

/** `#/customers` finds customers, `#/customers/{id}` is one of them. */
export default function CustomersPage() {
  const [id] = route.value.path;
  return id ? <Profile key={id} id={id} /> : <CustomerList />;
}
