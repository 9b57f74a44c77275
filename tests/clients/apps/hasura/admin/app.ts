import { ask } from "../../../ask";
import { graphql } from "./gql";
import type { Purchase_Insert_Input } from "./schema";

const Customers = graphql(`
  query Customers($id: uuid!, $discount: numeric) {
    customer_by_pk(id: $id) { name purchases(where: { status: { _eq: open } }) { total placed_at } }
    customer(where: { discount: { _gt: $discount } }) { id discount }
  }
`);

const Sell = graphql(`
  mutation Sell($purchases: [purchase_insert_input!]!) {
    insert_purchase(objects: $purchases) { returning { id status customer { name } } }
  }
`);

const { customer_by_pk } = await ask(Customers, { id: "00000000-0000-4000-8000-000000000001", discount: 5 });
export const totals: (number | null | undefined)[] | undefined = customer_by_pk?.purchases.map((sale) => sale.total);
// @ts-expect-error: there may be none
customer_by_pk.name;

const purchase: Purchase_Insert_Input = { id: 9, status: "paid", customer: { data: { name: "Hana" } } };
const sold = await ask(Sell, { purchases: [purchase] });
export const status: "open" | "paid" | "sent" | undefined = sold.insert_purchase?.returning[0].status;
// @ts-expect-error: the table of allowed values has no such row
export const wrong: Purchase_Insert_Input = { status: "stolen" };
