import { z } from "zod";
import type { PaymentsBook } from "./payments-book";

const amount = z.int().positive().describe("Amount in minor units: 1250 is 12.50");
const currency = z
  .string()
  .regex(/^[a-z]{3}$/)
  .describe("Three-letter ISO 4217 code in lower case, such as usd");
const id = (noun: string, example: string) =>
  z.string().min(1).max(64).describe(`Id of the ${noun}, such as ${example}`);

interface Annotations {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}
const reads: Annotations = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const writes: Annotations = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: false,
  openWorldHint: false,
};
const pays: Annotations = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true };
const destroys: Annotations = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: true,
  openWorldHint: false,
};

export interface PaymentTool {
  name: string;
  title: string;
  description: string;
  annotations: Annotations;
  input: z.ZodObject;
  /** Runs the tool on the book. Throws `Declined` when the provider says no, a ZodError when `args` break `input`. */
  run(book: PaymentsBook, args: unknown): Record<string, unknown>;
}

type Texts = Pick<PaymentTool, "name" | "title" | "description" | "annotations">;

function tool<S extends z.ZodObject>(
  texts: Texts,
  input: S,
  run: (book: PaymentsBook, args: z.output<S>) => Record<string, unknown>,
): PaymentTool {
  return { ...texts, input, run: (book, args) => run(book, input.parse(args)) };
}

function deletion(noun: string, example: string, run: (book: PaymentsBook, id: string) => Record<string, unknown>) {
  const texts = {
    name: `delete_${noun}`,
    title: `Delete ${noun}`,
    description: `Deletes ${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun} for good. This cannot be undone.`,
    annotations: destroys,
  };
  return tool(texts, z.strictObject({ id: id(noun, example) }), (book, args) => run(book, args.id));
}

/** The tools of the demo payments server: the names that the spending-control policy speaks about, and their neighbours. */
export const paymentTools: readonly PaymentTool[] = [
  tool(
    {
      name: "create_charge",
      title: "Create charge",
      description: "Charges a customer's payment method at once.",
      annotations: pays,
    },
    z.strictObject({
      amount,
      currency,
      customer: id("customer", "cus_ada").optional(),
      description: z.string().max(500).optional().describe("Text on the customer's statement"),
    }),
    (book, args) => book.charge(args),
  ),
  tool(
    {
      name: "create_refund",
      title: "Create refund",
      description: "Refunds money to a customer, in full or in part.",
      annotations: pays,
    },
    z.strictObject({
      charge: id("charge", "ch_000001").optional(),
      amount,
      reason: z.string().max(500).optional().describe("Why the money goes back"),
    }),
    (book, args) => book.refund(args),
  ),
  tool(
    {
      name: "create_payout",
      title: "Create payout",
      description: "Sends money from the account's balance to a bank account or card.",
      annotations: pays,
    },
    z.strictObject({ amount, currency, destination: z.string().min(1).max(128).describe("Bank account or card id") }),
    (book, args) => book.payout(args),
  ),
  tool(
    { name: "list_customers", title: "List customers", description: "Lists all customers.", annotations: reads },
    z.strictObject({}),
    (book) => book.listCustomers(),
  ),
  tool(
    { name: "list_charges", title: "List charges", description: "Lists charges, newest first.", annotations: reads },
    z.strictObject({ limit: z.int().min(1).max(100).default(20).describe("How many charges at most") }),
    (book, args) => book.listCharges(args.limit),
  ),
  tool(
    { name: "get_invoice", title: "Get invoice", description: "Reads one invoice.", annotations: reads },
    z.strictObject({ id: id("invoice", "in_1001") }),
    (book, args) => book.getInvoice(args.id),
  ),
  tool(
    { name: "create_customer", title: "Create customer", description: "Adds a customer.", annotations: writes },
    z.strictObject({
      name: z.string().min(1).max(120).describe("Company or person"),
      email: z.email().max(200).describe("Where invoices go"),
      currency: currency.default("usd"),
    }),
    (book, args) => book.createCustomer(args),
  ),
  tool(
    {
      name: "cancel_subscription",
      title: "Cancel subscription",
      description: "Ends a subscription; the customer keeps it until the period is over.",
      annotations: destroys,
    },
    z.strictObject({ id: id("subscription", "sub_ada_pro") }),
    (book, args) => ({ ...book.cancelSubscription(args.id) }),
  ),
  deletion("customer", "cus_ada", (book, target) => book.deleteCustomer(target)),
  deletion("product", "prod_pro", (book, target) => book.deleteProduct(target)),
  deletion("invoice", "in_1001", (book, target) => book.deleteInvoice(target)),
  deletion("subscription", "sub_ada_pro", (book, target) => book.deleteSubscription(target)),
];
