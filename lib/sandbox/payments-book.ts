import {
  customers as seedCustomers,
  invoices as seedInvoices,
  products as seedProducts,
  subscriptions as seedSubscriptions,
  type Customer,
  type Invoice,
  type Product,
  type Subscription,
} from "./payments-data";

/** Most charges, refunds and payouts that one book keeps; older ones are dropped first. */
const entriesMax = 10_000;

export interface Charge {
  id: string;
  /** Minor units (cents). */
  amount: number;
  currency: string;
  customer: string | null;
  description: string;
  refunded: number;
}

/** A payment that the provider declines: answered to the agent as a tool error, nothing executed. */
export class Declined extends Error {}

/** What the demo payments provider knows: customers, invoices, charges. Deterministic: same calls, same ids. */
export class PaymentsBook {
  private readonly customers = new Map<string, Customer>(seedCustomers.map((row) => [row.id, row]));
  private readonly invoices = new Map<string, Invoice>(seedInvoices.map((row) => [row.id, row]));
  private readonly subscriptions = new Map<string, Subscription>(seedSubscriptions.map((row) => [row.id, row]));
  private readonly products = new Map<string, Product>(seedProducts.map((row) => [row.id, row]));
  private readonly charges = new Map<string, Charge>();
  private count = 0;

  /** Takes `amount` minor units from the customer. Declined when the customer is unknown. */
  charge(input: { amount: number; currency: string; customer?: string | undefined; description?: string | undefined }) {
    if (input.customer !== undefined) found(this.customers, input.customer, "customer");
    const charge: Charge = {
      id: this.nextId("ch"),
      amount: input.amount,
      currency: input.currency,
      customer: input.customer ?? null,
      description: input.description ?? "",
      refunded: 0,
    };
    this.charges.set(charge.id, charge);
    const oldest = this.charges.size > entriesMax ? this.charges.keys().next().value : undefined;
    if (oldest !== undefined) this.charges.delete(oldest);
    return { ...charge, status: "succeeded" };
  }

  /** Gives `amount` minor units back; of a named charge never more than is left of it. */
  refund(input: { charge?: string | undefined; amount: number; reason?: string | undefined }) {
    if (input.charge !== undefined) {
      const charge = found(this.charges, input.charge, "charge");
      if (charge.refunded + input.amount > charge.amount)
        throw new Declined("Refund exceeds what is left of the charge");
      charge.refunded += input.amount;
    }
    return {
      id: this.nextId("re"),
      charge: input.charge ?? null,
      amount: input.amount,
      reason: input.reason ?? "",
      status: "succeeded",
    };
  }

  payout(input: { amount: number; currency: string; destination: string }) {
    return { id: this.nextId("po"), ...input, status: "in_transit" };
  }

  listCustomers() {
    return { customers: [...this.customers.values()] };
  }

  listCharges(limit: number) {
    return { charges: [...this.charges.values()].slice(-limit).reverse() };
  }

  getInvoice(id: string) {
    return { ...found(this.invoices, id, "invoice") };
  }

  createCustomer(input: { name: string; email: string; currency: string }) {
    const customer = { id: this.nextId("cus"), ...input };
    this.customers.set(customer.id, customer);
    return customer;
  }

  deleteCustomer(id: string) {
    return removed(this.customers, id, "customer");
  }

  deleteProduct(id: string) {
    return removed(this.products, id, "product");
  }

  deleteInvoice(id: string) {
    return removed(this.invoices, id, "invoice");
  }

  deleteSubscription(id: string) {
    return removed(this.subscriptions, id, "subscription");
  }

  cancelSubscription(id: string) {
    const subscription: Subscription = { ...found(this.subscriptions, id, "subscription"), status: "cancelled" };
    this.subscriptions.set(id, subscription);
    return subscription;
  }

  private nextId(prefix: string): string {
    this.count += 1;
    return `${prefix}_${String(this.count).padStart(6, "0")}`;
  }
}

function found<T>(rows: ReadonlyMap<string, T>, id: string, noun: string): T {
  const row = rows.get(id);
  if (row === undefined) throw new Declined(`No such ${noun}: ${id}`);
  return row;
}

function removed<T>(rows: Map<string, T>, id: string, noun: string) {
  found(rows, id, noun);
  rows.delete(id);
  return { id, deleted: true };
}
