export interface Customer {
  id: string;
  name: string;
  email: string;
  currency: string;
}

export interface Invoice {
  id: string;
  customer: string;
  /** Minor units (cents). */
  amountDue: number;
  currency: string;
  status: "draft" | "open" | "paid";
  dueDate: string;
}

export interface Subscription {
  id: string;
  customer: string;
  plan: string;
  status: "active" | "cancelled";
}

export interface Product {
  id: string;
  name: string;
}

/** The demo company's customers. Like everything here the same on every start, so that tests and docs can name them. */
export const customers: readonly Customer[] = [
  { id: "cus_ada", name: "Ada Fabrication", email: "billing@ada.example", currency: "usd" },
  { id: "cus_brook", name: "Brook & Sons", email: "accounts@brook.example", currency: "eur" },
  { id: "cus_cedar", name: "Cedar Clinics", email: "finance@cedar.example", currency: "usd" },
  { id: "cus_dune", name: "Dune Logistics", email: "ap@dune.example", currency: "usd" },
  { id: "cus_elm", name: "Elm Street Books", email: "shop@elm.example", currency: "gbp" },
];

export const invoices: readonly Invoice[] = [
  { id: "in_1001", customer: "cus_ada", amountDue: 12_500, currency: "usd", status: "open", dueDate: "2026-12-01" },
  { id: "in_1002", customer: "cus_brook", amountDue: 48_000, currency: "eur", status: "paid", dueDate: "2026-11-15" },
  { id: "in_1003", customer: "cus_cedar", amountDue: 7_990, currency: "usd", status: "open", dueDate: "2026-12-10" },
  { id: "in_1004", customer: "cus_dune", amountDue: 260_000, currency: "usd", status: "draft", dueDate: "2027-01-05" },
];

export const subscriptions: readonly Subscription[] = [
  { id: "sub_ada_pro", customer: "cus_ada", plan: "pro-monthly", status: "active" },
  { id: "sub_cedar_team", customer: "cus_cedar", plan: "team-yearly", status: "active" },
  { id: "sub_elm_basic", customer: "cus_elm", plan: "basic-monthly", status: "active" },
];

export const products: readonly Product[] = [
  { id: "prod_pro", name: "Pro plan" },
  { id: "prod_team", name: "Team plan" },
  { id: "prod_setup", name: "Set-up fee" },
];
